"""What has to be sent to bring one reader's page from what it shows to how the answer stands.

The page holds an answer's body as one element whose children are the blocks. A patch names its
target by the way down the last children: path 0 is the body, path 2 its last child's last child.
All targets of one list of patches are found before the first is applied, as htmx does with the
partials of one message; so the innermost append comes first and none moves another's target.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from chat.rendering.markdown.stream import Stream

_TAG = re.compile(r'<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:[^>"]|"[^"]*")*>')
_CLOSING = re.compile(r"</[a-zA-Z][a-zA-Z0-9]*>")
_VOID = frozenset({"br", "hr", "input"})
_LONGEST_ENTITY = 10


@dataclass(frozen=True, slots=True)
class Position:
    """What a reader has been shown: how many finished blocks, and the HTML of the open one."""

    blocks: int = 0
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Patch:
    """One change of the page.

    `path` counts the steps `> :last-child` below the body, which is 0; None means that the body's
    whole content gives way to `html`. "append" adds `html` inside the target behind all it holds,
    "replace" puts `html`, which may be text or empty, in the target's place. White space counts.
    """

    path: int | None
    swap: Literal["append", "replace"]
    html: str


def changes(shown: Position, stream: Stream, labelled: Callable[[str], str] = str) -> list[Patch]:
    """Return the patches from `shown` to `Position(len(stream.blocks), labelled(stream.tail))`, in
    order. `labelled` puts the reader's words into HTML; patches then fit what stands on the page.
    """
    if shown.blocks > len(stream.blocks):
        return [Patch(None, "replace", labelled(stream.html))]
    added = stream.blocks[shown.blocks :]
    new = "".join([*added, stream.tail]) if added else stream.tail
    return difference(shown.tail, labelled(new))


def difference(old: str, new: str) -> list[Patch]:
    """Patches that turn `old`, one element or nothing at the end of the body, into `new`."""
    if old == new:
        return []
    if not old:
        return [Patch(0, "append", new)]
    settled, depth = _without_closings(old)
    if new.startswith(settled):
        return _appends(new, len(settled), depth)
    return _replacement(old, new, settled)


def _without_closings(html: str) -> tuple[str, int]:
    """The HTML without the end tags at its end, and how many those are."""
    end, depth = len(html), 0
    while html[end - 1] == ">":
        begin = html.rindex("<", 0, end)
        if not _CLOSING.fullmatch(html, begin, end):
            break
        end, depth = begin, depth + 1
    return html[:end], depth


def _appends(new: str, begin: int, depth: int) -> list[Patch]:
    """Split `new` from `begin`, which stands `depth` elements deep, into one append a depth."""
    parts = _by_depth(new, begin)
    return [Patch(depth - level, "append", part) for level, part in enumerate(parts) if part]


def _by_depth(html: str, begin: int) -> list[str]:
    """The content from `begin` on: what is left of its element, then of the parent, and so on."""
    parts: list[str] = []
    depth = 0
    for match in _TAG.finditer(html, begin):
        if not match[1]:
            depth += match[2] not in _VOID
        elif depth:
            depth -= 1
        else:
            parts.append(html[begin : match.start()])
            begin = match.end()
    parts.append(html[begin:])
    return parts


def _replacement(old: str, new: str, settled: str) -> list[Patch]:
    """Replace the innermost last element that holds the first difference, then append."""
    same = _same(old, new)
    begin, depth = next(place for place in _last_elements(old, len(settled)) if place[0] <= same)
    first, *outer = _by_depth(new, begin)
    rest = [Patch(depth - 1 - level, "append", part) for level, part in enumerate(outer, 1) if part]
    return [Patch(depth, "replace", first), *rest]


def _last_elements(html: str, settled: int) -> Iterator[tuple[int, int]]:
    """Begin and depth (1 is outermost) of the elements that end at the end, innermost first."""
    closings: list[bool] = []
    end = len(html)
    depth = len(_CLOSING.findall(html, settled))
    while end > 0:
        begin = html.rindex("<", 0, end)
        match = _TAG.match(html, begin)
        if match and match[1]:
            closings.append(begin >= settled)
        elif match and match[2] not in _VOID and closings.pop():
            yield begin, depth
            depth -= 1
            if not depth:
                return
        end = begin
    yield 0, 1


def _same(old: str, new: str) -> int:
    """Length of the common beginning, outside any tag or character reference."""
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
