"""An answer on its way: finished blocks, and the open block as it stands.

CommonMark decides the structure of top-level blocks line by line, so everything before the last
block is settled (https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy). The last block
alone is rendered again; a list, a table and a long paragraph in their turn only from their last
item, row or sentence on. What late text changes in earlier blocks (definitions of links and
footnotes) is put right by `page.render` at the close.
"""

import re
from collections.abc import Iterator

from chat.rendering.markdown import code, fast_append, fence, footnotes
from chat.rendering.markdown.blocks import Block, split
from chat.rendering.markdown.close_open_syntax import complete
from chat.rendering.markdown.convert import NestingError, to_html
from chat.rendering.markdown.open_block import Growing
from chat.rendering.markdown.sanitize import LostPlaceError
from chat.rendering.markdown.source import LABEL, Normaliser, prepare
from chat.rendering.markdown.user_text import render_plain

BIG = 3_000
"""Characters of source above which a block that cannot be cut is rendered less often: each time
it has grown by a 64th, so that the work stays linear."""

UNNAMED = code.opening("") + code.CLOSING
"""A code block whose info string is still being written."""

_DEFINITION = re.compile(
    r"^ {0,3}\[((?!\^)[^\]\n]{1,200})\]:[ \t]*[^\s<>]+[ \t]*(?:[ \t]\"[^\"\n]*\")?[ \t]*$", re.M
)
_LABEL = re.compile(r"\[([^\[\]\n]{1,200})\]")


class Stream:
    """One answer. `feed` is cheap; `render` brings `blocks` and `tail` up to date.

    `blocks` are finished: each is HTML of exactly one element, and they are only appended to.
    `tail` is the open block, HTML of one element or "". `parsed` counts the characters that were
    given to the parser so far; it grows with the length of the text, not with its square.
    """

    def __init__(self, message_id: str) -> None:
        self.blocks: list[str] = []
        self.tail = ""
        self.parsed = 0
        self._message_id = message_id
        self._normaliser = Normaliser()
        self._text: list[str] = []
        self._fresh: list[str] = []
        self._definitions: dict[str, str] = {}
        self._numbers = footnotes.Numbers()
        self._fence: fence.Fence | None = None
        self._growing = Growing("", message_id)
        self._takes_words = False

    def feed(self, piece: str) -> None:
        """Append text as it came; nothing is rendered."""
        text = self._normaliser.feed(piece)
        if text:
            self._text.append(text)
            self._fresh.append(text)

    @property
    def text(self) -> str:
        """All text so far, normalised as `source.normalise` does."""
        self._text = ["".join(self._text)]
        return self._text[0]

    @property
    def html(self) -> str:
        """What a page load in mid-answer shows."""
        return "".join(self.blocks) + self.tail

    def render(self) -> None:
        """Bring `blocks` and `tail` up to date with the text so far."""
        piece = "".join(self._fresh)
        self._fresh.clear()
        rest: str | None = piece or None
        while rest is not None:
            rest = self._fenced(rest) if self._fence else self._grown(rest)

    def _fenced(self, piece: str) -> str | None:
        if self._fence is None:
            return piece
        rest = self._fence.feed(piece)
        if rest is None:
            self.tail = self._fence.html
            return None
        self._finish(self._fence.finished())
        self._fence = None
        self._growing = Growing("", self._message_id)
        return rest

    def _grown(self, piece: str) -> str | None:
        growing = self._growing
        if (tail := self._with_words(growing, piece)) is not None:
            self.tail = tail
            growing.feed(piece)
            return None
        self._takes_words = False
        growing.feed(piece)
        opening = None if growing.started else fence.opening(growing.source)
        if opening and opening[6]:
            self._fence = fence.Fence(opening)
            return growing.source[opening.end() :]
        if opening:
            self.tail = UNNAMED
            return None
        if len(growing.source) > BIG and not growing.due():
            return None
        try:
            return self._open_block(growing)
        except (NestingError, LostPlaceError):
            self.tail = render_plain(growing.whole)
            return None

    def _with_words(self, growing: Growing, piece: str) -> str | None:
        """The tail with this piece, if it is nothing but words behind text."""
        if not self._takes_words or growing.is_long:
            return None
        return fast_append.appended(self.tail, growing.source, piece)

    def _open_block(self, growing: Growing) -> str | None:
        """Render the open block; returns source to go on with if a fence turned out to be last."""
        growing.rendered()
        found, is_shown = self._parse(growing)
        if not found:
            self.tail = growing.closed()
            return None
        if not growing.fits(found[0]):
            self._growing = Growing(growing.whole, self._message_id)
            return ""
        self.tail = growing.show(found[0], is_open=len(found) == 1)
        if len(found) == 1:
            self._advance(found[0])
            self._takes_words = is_shown
            return None
        self._finish(self.tail)
        for block in found[1:-1]:
            self._finish(growing.safe(block.html))
        return self._next(growing, found[-1])

    def _parse(self, growing: Growing) -> tuple[list[Block], bool]:
        """Blocks of the open source, and of what follows it there; whether all of it is shown."""
        known = self._known(growing.source)
        shown = complete(growing.lead + growing.source)[len(growing.lead) :]
        before = known + growing.lead
        html = self._numbers.apply(to_html(known + prepare(growing.lead + shown)))
        self.parsed += len(before) + len(shown)
        shift = before.count("\n")
        first = known.count("\n") - shift
        blocks = split(html, shift)
        found = [block for block in blocks if block.line > first and block.name != "section"]
        return found, fast_append.is_shown(growing.source, shown)

    def _next(self, growing: Growing, last: Block) -> str:
        begin = growing.offset(last.line)
        if not begin:
            raise LostPlaceError
        self._remember(growing.source[:begin])
        self._growing = Growing("", self._message_id)
        return growing.source[begin:]

    def _finish(self, html: str) -> None:
        self.blocks.append(html)
        self.tail = ""

    def _advance(self, block: Block) -> None:
        self._remember(self._growing.advance(block))

    def _remember(self, source: str) -> None:
        if "]:" in source:
            for match in _definitions(source):
                self._definitions.setdefault(_key(match[1]), match[0].strip())

    def _known(self, source: str) -> str:
        """Lines that define what `source` refers to: links seen before, footnotes to come."""
        if "[" not in source:
            return ""
        keys = dict.fromkeys(_key(label) for label in _LABEL.findall(source))
        lines = [self._definitions[key] for key in keys if key in self._definitions]
        notes = [f"[^{label}]: note\n\n" for label in footnotes.undefined(source)]
        # A line at the margin ends the last note; a definition is the only one that shows nothing.
        return "".join(notes) + "\n".join([f"[{LABEL}]: x", *lines]) + "\n\n"


def _definitions(source: str) -> Iterator[re.Match[str]]:
    """Lines that define links: a definition cannot interrupt a paragraph."""
    last = 0
    for match in _DEFINITION.finditer(source):
        before = source[last : match.start()].rstrip(" \t")
        line = before[before.rstrip("\n").rfind("\n") + 1 :].strip(" ")
        if before in ("", "\n") or before.endswith("\n\n") or line.startswith("#"):
            last = match.end()
            yield match


def _key(label: str) -> str:
    return " ".join(label.split()).casefold()
