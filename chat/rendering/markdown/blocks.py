"""Split the parser's raw HTML into top-level blocks, list items and table rows."""

import re
from dataclasses import dataclass

_BLOCK = re.compile(r"<(/?)(p|h[1-6]|ul|ol|pre|table|blockquote|div|section|hr)\b([^>]*)>")
_ITEM = re.compile(r"<(/?)(ul|ol|li)\b([^>]*)>")
_ROW = re.compile(r'<tr data-sourcepos="(\d+):')
_LINE = re.compile(r'data-sourcepos="(\d+):')
_LOOSE = re.compile(r"<li[^>]*>(?:<input[^>]*> ?)?<p\b")


@dataclass(frozen=True, slots=True)
class Block:
    """One element of the parser's output: its first source line (from 1), tag name and HTML.

    `shift` is the number of helper lines that were put before the source for the parser. `line`
    does not count them (so it may be 0 or less); the positions inside the HTML do.
    """

    line: int
    name: str
    html: str
    shift: int = 0

    @property
    def is_loose(self) -> bool:
        """Return whether this list item wraps its text in paragraphs."""
        return _LOOSE.match(self.html) is not None


def split_blocks(html: str, shift: int = 0) -> list[Block]:
    """Return the top-level blocks in order; text outside any block becomes a paragraph."""
    blocks: list[Block] = []
    depth = start = end = line = 0
    for match in _BLOCK.finditer(html):
        if match[1]:
            depth -= 1
        else:
            if depth == 0:
                _append_stray_text(blocks, html[end : match.start()])
                start, line = match.start(), _line(match[3], line + shift) - shift
            depth += match[2] != "hr"
        if depth == 0:
            end = match.end()
            blocks.append(Block(line, match[2], html[start:end], shift))
    _append_stray_text(blocks, html[end:])
    return blocks


def _append_stray_text(blocks: list[Block], text: str) -> None:
    if text.strip():
        blocks.append(Block(blocks[-1].line if blocks else 1, "p", f"<p>{text.strip()}</p>"))


def _line(attributes: str, default: int) -> int:
    match = _LINE.search(attributes)
    return int(match[1]) if match else default


def split_list(block: Block) -> tuple[str, list[Block], str]:
    """Split a list into its start tag, its items and its end tag."""
    html = block.html
    head = html.index(">") + 1
    list_items: list[Block] = []
    depth = start = line = 0
    for match in _ITEM.finditer(html, head):
        if match[2] != "li":
            depth += -1 if match[1] else 1
        elif depth == 0 and not match[1]:
            start, line = match.start(), _line(match[3], 0) - block.shift
        elif depth == 0:
            list_items.append(Block(line, "li", html[start : match.end()]))
    return html[:head], list_items, html[html.rindex("<") :]


def split_table(block: Block) -> tuple[str, list[Block], str]:
    """Split a table into the HTML before its body rows, the body rows, and the HTML after them."""
    html = block.html
    body = html.find("<tbody>")
    if body < 0:
        return html, [], ""
    starts = list(_ROW.finditer(html, body))
    end = html.rindex("</tbody>")
    stops = [match.start() for match in starts[1:]] + [end]
    body_rows = [
        Block(int(match[1]) - block.shift, "tr", html[match.start() : stop])
        for match, stop in zip(starts, stops, strict=True)
    ]
    return html[: body + len("<tbody>")], body_rows, html[end:]
