"""Compute the patches that bring one page up to date with a growing answer.

On the page, the body of an answer is one element whose children are the blocks. A patch addresses
its target by descending through last children: path 0 is the body, path 2 is the last child of its
last child. htmx resolves all targets of one message before it applies the first patch, so a list
of patches starts with the innermost append, and no patch moves the target of another.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chat.rendering.markdown.stream import Stream

_TAG = re.compile(r'<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^>"]|"[^"]*")*>')
_END_TAG = re.compile(r"</[a-zA-Z][a-zA-Z0-9]*>")
_VOID = frozenset({"br", "hr", "input"})
_LONGEST_ENTITY = 10


@dataclass(frozen=True, slots=True)
class Position:
    """The state of a page: its number of finished blocks, and the HTML of the open one."""

    blocks: int = 0
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """One change to a page.

    `path` is the number of `> :last-child` steps down from the body, which is 0. None means that
    `html` replaces the whole content of the body. "append" adds `html` at the end of the target,
    "replace" puts `html`, which may be text or empty, in place of the target. White space counts.
    """

    path: int | None
    swap: Literal["append", "replace"]
    html: str


def changes(
    position: Position, stream: Stream, localize: Callable[[str], str] = str
) -> list[Patch]:
    """Return the patches that bring a page at `position` up to date with `stream`, in order.

    Afterwards the page is at `Position(len(stream.blocks), localize(stream.tail))`. `localize`
    translates the renderer's labels in HTML into the reader's language, so that the patches fit
    the translated page.
    """
    if position.blocks > len(stream.blocks):
        return [Patch(None, "replace", localize(stream.html))]
    added = stream.blocks[position.blocks :]
    new = "".join([*added, stream.tail]) if added else stream.tail
    return diff_html(position.tail, localize(new))


def diff_html(old: str, new: str) -> list[Patch]:
    """Return the patches that turn `old`, the last element of the body or "", into `new`."""
    if old == new:
        return []
    if not old:
        return [Patch(0, "append", new)]
    settled, depth = _strip_end_tags(old)
    if new.startswith(settled):
        return _appends(new, len(settled), depth)
    return _replacement(old, new, settled)


def _strip_end_tags(html: str) -> tuple[str, int]:
    """Return the HTML without its final end tags, and the number of those."""
    end, depth = len(html), 0
    while html[end - 1] == ">":
        start = html.rindex("<", 0, end)
        if not _END_TAG.fullmatch(html, start, end):
            break
        end, depth = start, depth + 1
    return html[:end], depth


def _appends(new: str, start: int, depth: int) -> list[Patch]:
    """Return one append per depth for `new` from `start` on, which is `depth` elements deep."""
    parts = _split_by_depth(new, start)
    return [Patch(depth - level, "append", part) for level, part in enumerate(parts) if part]


def _split_by_depth(html: str, start: int) -> list[str]:
    """Split the HTML from `start` on into the rest of its element, of the parent, and so on."""
    parts: list[str] = []
    depth = 0
    for match in _TAG.finditer(html, start):
        if not match[1]:
            depth += match[2] not in _VOID
        elif depth:
            depth -= 1
        else:
            parts.append(html[start : match.start()])
            start = match.end()
    parts.append(html[start:])
    return parts


def _replacement(old: str, new: str, settled: str) -> list[Patch]:
    """Replace the innermost last element that holds the first difference, then append."""
    prefix = _common_prefix(old, new)
    start, depth = next(
        element for element in _last_elements(old, len(settled)) if element[0] <= prefix
    )
    replacement, *outer = _split_by_depth(new, start)
    appends = [
        Patch(depth - 1 - level, "append", part) for level, part in enumerate(outer, 1) if part
    ]
    return [Patch(depth, "replace", replacement), *appends]


def _last_elements(html: str, settled: int) -> Iterator[tuple[int, int]]:
    """Yield start and depth (1 is outermost) of the elements that close the HTML, innermost first.

    Their end tags begin at the offset `settled`.
    """
    is_last: list[bool] = []  # for each open end tag, while reading backwards
    end = len(html)
    depth = len(_END_TAG.findall(html, settled))
    while end > 0:
        start = html.rindex("<", 0, end)
        match = _TAG.match(html, start)
        if match and match[1]:
            is_last.append(start >= settled)
        elif match and match[2] not in _VOID and is_last.pop():
            yield start, depth
            depth -= 1
            if not depth:
                return
        end = start
    yield 0, 1


def _common_prefix(old: str, new: str) -> int:
    """Return the length of the common prefix, not ending inside a tag or character reference."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if new.startswith(old[low:middle], low):
            low = middle
        else:
            high = middle - 1
    tag = old.rfind("<", 0, low)
    if tag > old.rfind(">", 0, low):
        return tag
    reference = old.rfind("&", max(0, low - _LONGEST_ENTITY), low)
    return reference if reference >= 0 and ";" not in old[reference:low] else low
