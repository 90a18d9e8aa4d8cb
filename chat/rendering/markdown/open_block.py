"""The open top-level block: its settled part, and the source that is rendered again.

All list items and table rows but the last are settled. A long paragraph is settled up to a gap
between words where no emphasis, code, link or formula is open.
"""

import re

from chat.rendering.markdown import addresses, dollars, inline_tags
from chat.rendering.markdown.blocks import Block, split_blocks, split_list, split_table
from chat.rendering.markdown.convert import to_html
from chat.rendering.markdown.sanitize import sanitize, with_anchors
from chat.rendering.markdown.source import SENTINEL, prepare

CUT_ABOVE = 240
"""Length of a paragraph, in characters, above which it is cut where possible."""
FORCE_CUT_ABOVE = 4_000
"""Length of a paragraph, in characters, above which it is cut even inside open syntax."""
MIN_OPEN = 60
"""Characters at the end of a paragraph that always stay in the open part."""

_MARKER = re.compile(r"(?:[ \t]*\n)*( {0,3}(?:[-+*]|\d{1,9}[.)]))")
# A space before a word, or a position between two characters of a script without spaces. A cut next
# to a number would hide the letters that decide its direction.
_UNSPACED = r"[\u3040-\u9fff\uac00-\ud7a3]"
_GAP = re.compile(
    rf"(?<=[\w.,;:?!]) (?=[^\W\d])|(?<=\$),? (?=[^\W\d]|\$)"
    rf"|(?<={_UNSPACED})(?={_UNSPACED})|(?<=[、。！，；？])(?={_UNSPACED})"
)
_SIGNS = re.compile(r"[*_`\[\]\\]|~~")
_NO_TEXT = re.compile(r"<(?:code|span)[^>]*>[^<]*</(?:code|span)>|<[^>]*>|&[a-z]+;")
_TAIL = re.compile(r"(?:<td[^>]*></td>)+(?=</tr></tbody></table></div>$)")


class OpenBlock:
    """The open block of a message, with a settled part that is not rendered again.

    `source` is the part that still is, `whole` the source of the entire block. `lead` is source to
    put before `source`, so that the parser still recognises a list item or a table row as such.
    """

    def __init__(self, source: str, message_id: str) -> None:
        self.source = source
        self.lead = ""
        self._message_id = message_id
        self._name = ""
        self._prefix = ""
        self._settled_source: list[str] = []
        self._is_loose = False
        self.last_rendered = 0
        self._next_cut = 0

    @property
    def whole(self) -> str:
        """Return the source of the entire block."""
        return "".join(self._settled_source) + self.source

    @property
    def has_settled_part(self) -> bool:
        """Return whether a part of the block is settled."""
        return bool(self._prefix)

    def feed(self, piece: str) -> None:
        """Append source."""
        self.source += piece

    @property
    def is_long(self) -> bool:
        """Return whether the paragraph is long enough for an attempt to cut it."""
        return len(self.source) > max(CUT_ABOVE, self._next_cut)

    def needs_rendering(self) -> bool:
        """Return whether a block that cannot be cut has grown enough to be rendered again."""
        return len(self.source) >= self.last_rendered + self.last_rendered // 64

    def mark_rendered(self) -> None:
        """Record that the current source is being rendered."""
        self.last_rendered = len(self.source)

    def settled_html(self) -> str:
        """Return the settled part alone, with its end tags."""
        return self._prefix + _end_tags(self._name) if self._prefix else ""

    def is_same_kind(self, block: Block) -> bool:
        """Return whether the block is still of the kind its settled part was rendered as."""
        if not self._prefix:
            return True
        if block.name != self._name:
            return False
        return self._is_loose or block.name not in ("ul", "ol") or not _is_loose(block, self.lead)

    def to_safe_html(self, html: str, *, is_open: bool = False) -> str:
        """Return raw HTML of a block of this message as safe HTML."""
        return with_anchors(sanitize(html, is_open=is_open), self._message_id)

    def render(self, block: Block, *, is_open: bool) -> str:
        """Return the safe HTML of the entire block."""
        if self._name == "table" and "<tbody>" not in block.html:
            return self.settled_html()
        html = self.to_safe_html(self._without_lead(block), is_open=is_open)
        if block.name == "table" and is_open:
            html = _TAIL.sub("", html)
        return self._prefix + html[self._content_start(html) :] if self._prefix else html

    def _without_lead(self, block: Block) -> str:
        """Return the HTML of the block without the list item that `lead` added."""
        if not self.lead or block.name not in ("ul", "ol"):
            return block.html
        head, list_items, end = split_list(block)
        return head + "".join(item.html for item in list_items if item.line > 0) + end

    def _content_start(self, html: str) -> int:
        """Return the offset at which the content of the block's element begins."""
        if self._name == "table":
            return html.index("<tbody>") + len("<tbody>")
        return html.index(">") + 1

    def advance(self, block: Block) -> str:
        """Settle the parts that can no longer change and return their source."""
        if block.name in ("ul", "ol"):
            return self._settle(block, *split_list(block))
        if block.name == "table":
            return self._settle(block, *split_table(block))
        if block.name == "p" and self.is_long:
            return self._cut()
        return ""

    def _settle(self, block: Block, head: str, parts: list[Block], end: str) -> str:
        """Settle all items or rows but the last one and return their source."""
        parts = [part for part in parts if part.line > 0]
        if len(parts) < 2:
            return ""
        html = head + "".join(part.html for part in parts[:-1]) + end
        self._extend(block.name, self.to_safe_html(html))
        self._is_loose = self._is_loose or any(part.is_loose for part in parts)
        start = self.offset(parts[-1].line)
        settled = self.source[:start]
        self._drop(start)
        self.lead = self._lead_for(block, settled)
        return settled

    def _lead_for(self, block: Block, settled: str) -> str:
        """Return source that makes the parser recognise the last item or row as such."""
        if block.name == "table":
            return self.lead or "".join(settled.lstrip("\n").splitlines(keepends=True)[:2])
        marker = _MARKER.match(self.source)
        return f"{marker[1]} x\n\n" if marker and self._is_loose else ""

    def _extend(self, name: str, html: str) -> None:
        html = html.removesuffix(_end_tags(name))
        self._name = name
        self._prefix += html[self._content_start(html) :] if self._prefix else html

    def _drop(self, end: int) -> None:
        self._settled_source.append(self.source[:end])
        self.source = self.source[end:]
        self.last_rendered = 0

    def _cut(self) -> str:
        """Settle a paragraph up to a gap between words where no syntax is open."""
        self._next_cut = len(self.source) + CUT_ABOVE // 2
        end = len(self.source) - MIN_OPEN
        gaps = [gap.start() for gap in _GAP.finditer(self.source, CUT_ABOVE // 4, end)][-24:]
        gaps = [gap for gap in gaps if not addresses.is_inside(self.source, gap)]
        forced = len(self.source) > FORCE_CUT_ABOVE
        for gap in reversed(gaps[-1:] if forced else gaps[::5]):
            html = to_html(self.lead + prepare(self.source[:gap]))
            blocks = split_blocks(html)
            if len(blocks) == 1 and (forced or not self._is_open_at(gap, html)):
                return self._settle_text(gap, blocks[0])
        return ""

    def _is_open_at(self, gap: int, html: str) -> bool:
        """Return whether syntax may be open at the gap; `html` is the text before it."""
        if inline_tags.has_open(html) or _SIGNS.search(_NO_TEXT.sub("", html)):
            return True
        return "$" in html and dollars.has_open(self.source[:gap])

    def _settle_text(self, gap: int, block: Block) -> str:
        self._extend("p", self.to_safe_html(block.html))
        settled = self.source[:gap]
        self._drop(gap)
        self.lead = SENTINEL
        self._next_cut = 0
        return settled

    def offset(self, line: int) -> int:
        """Return the offset in the source at which a line (from 1) begins."""
        offset = 0
        for _ in range(line - 1):
            offset = self.source.index("\n", offset) + 1
        return offset


def _is_loose(block: Block, lead: str) -> bool:
    return not lead and any(item.is_loose for item in split_list(block)[1])


def _end_tags(name: str) -> str:
    return "</tbody></table></div>" if name == "table" else f"</{name}>"
