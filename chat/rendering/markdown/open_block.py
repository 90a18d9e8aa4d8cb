"""The open top-level block: what is settled in it, and the source that is rendered again.

Settled are all list items and table rows but the last, and in a long paragraph the text up to a
place where no emphasis, code, link or formula is open.
"""

import re

from chat.rendering.markdown.blocks import Block, items, rows, split
from chat.rendering.markdown.convert import to_html
from chat.rendering.markdown.sanitize import sanitise, with_anchors
from chat.rendering.markdown.source import SENTINEL, prepare

LONG = 240
"""Characters of a paragraph from which a place to cut it is looked for."""
FORCED = 4_000
"""Characters of a paragraph from which it is cut between two words even where signs are open."""
KEPT = 60
"""Characters at the end of a paragraph that are never cut off."""

_MARKER = re.compile(r"(?:[ \t]*\n)*( {0,3}(?:[-+*]|\d{1,9}[.)]))")
# A space between words, or a place between signs of the scripts that write none.
_UNSPACED = r"[\u3040-\u9fff\uac00-\ud7a3]"
_GAP = re.compile(rf"(?<=[\w.,;:?!]) (?=\w)|(?<={_UNSPACED})(?={_UNSPACED})")
_SIGNS = re.compile(r"[*_`\[\]$~\\]")
_NO_TEXT = re.compile(r"<(?:code|span)[^>]*>[^<]*</(?:code|span)>|<[^>]*>|&[a-z]+;")
_TAIL = re.compile(r"(?:<td[^>]*></td>)+(?=</tr></tbody></table></div>$)")


class Growing:
    """One open block of a message. `source` is what is still rendered, `whole` all of the block.

    `lead` is source to be put before `source` so that the parser reads that as what it is.
    """

    def __init__(self, source: str, message_id: str) -> None:
        self.source = source
        self.lead = ""
        self._message_id = message_id
        self._name = ""
        self._prefix = ""
        self._past: list[str] = []
        self._loose = False
        self.last_rendered = 0
        self._tried = 0

    @property
    def whole(self) -> str:
        """The block's source from its beginning."""
        return "".join(self._past) + self.source

    @property
    def started(self) -> bool:
        """Whether a part of the block is settled."""
        return bool(self._prefix)

    def feed(self, piece: str) -> None:
        """Append source."""
        self.source += piece

    @property
    def is_long(self) -> bool:
        """Whether a place to cut a paragraph is to be looked for."""
        return len(self.source) > max(LONG, self._tried)

    def due(self) -> bool:
        """Whether enough was added since the last rendering of a block that cannot be cut."""
        return len(self.source) >= self.last_rendered + self.last_rendered // 64

    def rendered(self) -> None:
        """Note that the source as it stands is being rendered."""
        self.last_rendered = len(self.source)

    def closed(self) -> str:
        """The settled part alone, with its end tags."""
        return self._prefix + _closing(self._name) if self._prefix else ""

    def fits(self, block: Block) -> bool:
        """Whether the block still is what its settled part was rendered as."""
        if not self._prefix:
            return True
        if block.name != self._name:
            return False
        return self._loose or block.name not in ("ul", "ol") or not _loose(block, self.lead)

    def safe(self, html: str, *, is_open: bool = False) -> str:
        """Raw HTML of a block of this message -> safe HTML."""
        return with_anchors(sanitise(html, is_open=is_open), self._message_id)

    def show(self, block: Block, *, is_open: bool) -> str:
        """Safe HTML of the whole block."""
        if self._name == "table" and "<tbody>" not in block.html:
            return self.closed()
        html = self.safe(self._without_lead(block), is_open=is_open)
        if block.name == "table" and is_open:
            html = _TAIL.sub("", html)
        return self._prefix + html[self._begin(html) :] if self._prefix else html

    def _without_lead(self, block: Block) -> str:
        if not self.lead or block.name not in ("ul", "ol"):
            return block.html
        head, found, end = items(block)
        return head + "".join(item.html for item in found if item.line > 0) + end

    def _begin(self, html: str) -> int:
        if self._name == "table":
            return html.index("<tbody>") + len("<tbody>")
        return html.index(">") + 1

    def advance(self, block: Block) -> str:
        """Settle what can no longer change; returns its source."""
        if block.name in ("ul", "ol"):
            return self._settle(block, *items(block))
        if block.name == "table":
            return self._settle(block, *rows(block))
        if block.name == "p" and self.is_long:
            return self._cut()
        return ""

    def _settle(self, block: Block, head: str, found: list[Block], end: str) -> str:
        found = [part for part in found if part.line > 0]
        if len(found) < 2:
            return ""
        done = head + "".join(part.html for part in found[:-1]) + end
        self._extend(block.name, self.safe(done))
        self._loose = self._loose or any(part.loose for part in found)
        begin = self.offset(found[-1].line)
        first = self.source[:begin]
        self._drop(begin)
        self.lead = self._context(block, first)
        return first

    def _context(self, block: Block, first: str) -> str:
        """Source that makes the parser read the last item or row as what it is."""
        if block.name == "table":
            return self.lead or "".join(first.lstrip("\n").splitlines(keepends=True)[:2])
        marker = _MARKER.match(self.source)
        return f"{marker[1]} x\n\n" if marker and self._loose else ""

    def _extend(self, name: str, html: str) -> None:
        closing = _closing(name)
        html = html.removesuffix(closing)
        self._name = name
        self._prefix += html[self._begin(html) :] if self._prefix else html

    def _drop(self, begin: int) -> None:
        self._past.append(self.source[:begin])
        self.source = self.source[begin:]
        self.last_rendered = 0

    def _cut(self) -> str:
        """Settle a paragraph up to a gap between words where nothing is open."""
        self._tried = len(self.source) + LONG // 2
        end = len(self.source) - KEPT
        gaps = [gap.start() for gap in _GAP.finditer(self.source, LONG // 4, end)]
        forced = len(self.source) > FORCED
        for gap in reversed(gaps[-1:] if forced else gaps[-24::6]):
            html = to_html(self.lead + prepare(self.source[:gap]))
            found = split(html)
            if len(found) == 1 and (forced or not _SIGNS.search(_NO_TEXT.sub("", html))):
                return self._settle_text(gap, found[0])
        return ""

    def _settle_text(self, gap: int, block: Block) -> str:
        self._extend("p", self.safe(block.html))
        first = self.source[:gap]
        self._drop(gap)
        self.lead = SENTINEL
        self._tried = 0
        return first

    def offset(self, line: int) -> int:
        """Where a line (from 1) begins in the source."""
        at = 0
        for _ in range(line - 1):
            at = self.source.index("\n", at) + 1
        return at


def _loose(block: Block, lead: str) -> bool:
    return not lead and any(item.loose for item in items(block)[1])


def _closing(name: str) -> str:
    return "</tbody></table></div>" if name == "table" else f"</{name}>"
