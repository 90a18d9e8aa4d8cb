"""Render an answer incrementally while it is being generated.

CommonMark decides the structure of top-level blocks line by line, so every block but the last is
final (https://spec.commonmark.org/0.31.2/#appendix-a-parsing-strategy). Only the last block, the
open block, is rendered again as text arrives. In a list, a table or a long paragraph, rendering
restarts at the last item, row or sentence. Later text can still change earlier blocks (definitions
of links and footnotes); `renderer.render` corrects those when the answer is finished.
"""

import re
from collections.abc import Iterator

from chat.rendering.markdown import code, fast_append, fence, footnotes
from chat.rendering.markdown.blocks import Block, split_blocks
from chat.rendering.markdown.close_open_syntax import complete
from chat.rendering.markdown.convert import NestingError, to_html
from chat.rendering.markdown.open_block import OpenBlock
from chat.rendering.markdown.sanitize import LostPlaceholderError
from chat.rendering.markdown.source import LABEL, normalizer, prepare
from chat.rendering.markdown.user_text import render_plain

RENDER_LESS_ABOVE = 3_000
"""Length of source, in characters, above which a block that cannot be cut is rendered less often:
only after it has grown by a 64th. This keeps the total work linear."""

EMPTY_CODE_BLOCK = code.opening_html("") + code.CLOSING_HTML
"""HTML of a code block whose info string is still incomplete."""

_DEFINITION = re.compile(
    r"^ {0,3}\[((?!\^)[^\]\n]{1,200})\]:[ \t]*[^\s<>]+[ \t]*(?:[ \t]\"[^\"\n]*\")?[ \t]*$", re.M
)
_LABEL = re.compile(r"\[([^\[\]\n]{1,200})\]")


class Stream:
    """Incremental renderer of one answer: call `feed` for each chunk, `render` to update the HTML.

    `blocks` holds the finished blocks, each the HTML of exactly one element; the list is only ever
    appended to. `tail` is the open block: the HTML of one element, or "". `parsed` counts the
    characters passed to the parser so far; it grows linearly with the text, not quadratically.
    """

    def __init__(self, message_id: str) -> None:
        self.blocks: list[str] = []
        self.tail = ""
        self.parsed = 0
        self._message_id = message_id
        self._normalizer = normalizer()
        self._text: list[str] = []
        self._unrendered: list[str] = []
        self._definitions: dict[str, str] = {}
        self._numbers = footnotes.FootnoteNumbers()
        self._fence: fence.Fence | None = None
        self._open_block = OpenBlock("", message_id)
        self._can_append_words = False

    def feed(self, piece: str) -> None:
        """Append text as received, without rendering it."""
        text = self._normalizer.feed(piece)
        if text:
            self._text.append(text)
            self._unrendered.append(text)

    @property
    def text(self) -> str:
        """Return all text so far, normalised as by `source.normalize`."""
        self._text = ["".join(self._text)]
        return self._text[0]

    @property
    def html(self) -> str:
        """Return the HTML of the answer so far, for a page load in mid-answer."""
        return "".join(self.blocks) + self.tail

    def render(self) -> None:
        """Update `blocks` and `tail` with the text received so far."""
        text = "".join(self._unrendered)
        self._unrendered.clear()
        rest: str | None = text or None
        while rest is not None:
            rest = self._feed_fence(rest) if self._fence else self._feed_open_block(rest)

    def _feed_fence(self, piece: str) -> str | None:
        """Add source to the open code block; return the source after its end, or None."""
        if self._fence is None:
            return piece
        rest = self._fence.feed(piece)
        if rest is None:
            self.tail = self._fence.html
            return None
        self._finish(self._fence.finish())
        self._fence = None
        self._open_block = OpenBlock("", self._message_id)
        return rest

    def _feed_open_block(self, piece: str) -> str | None:
        """Add source to the open block; return the source that still has to be fed, or None."""
        open_block = self._open_block
        if (tail := self._append_words(open_block, piece)) is not None:
            self.tail = tail
            open_block.feed(piece)
            return None
        self._can_append_words = False
        open_block.feed(piece)
        opening = None if open_block.has_settled_part else fence.match_opening(open_block.source)
        if opening and opening[6]:
            self._fence = fence.Fence(opening)
            return open_block.source[opening.end() :]
        if opening:
            self.tail = EMPTY_CODE_BLOCK
            return None
        if len(open_block.source) > RENDER_LESS_ABOVE and not open_block.needs_rendering():
            return None
        try:
            return self._render_open_block(open_block)
        except (NestingError, LostPlaceholderError):
            self.tail = render_plain(open_block.whole)
            return None

    def _append_words(self, open_block: OpenBlock, piece: str) -> str | None:
        """Return the tail with `piece` added if that needs no parsing, else None."""
        if not self._can_append_words or open_block.is_long:
            return None
        return fast_append.append_words(self.tail, open_block.source, piece)

    def _render_open_block(self, open_block: OpenBlock) -> str | None:
        """Render the open block; return the source that has to be fed again, or None.

        If new blocks have begun, the last of them becomes the open block. Its source is returned,
        because it may be a fence. "" asks for another rendering of the whole block.
        """
        open_block.mark_rendered()
        blocks, is_verbatim = self._parse(open_block)
        if not blocks:
            self.tail = open_block.settled_html()
            return None
        if not open_block.is_same_kind(blocks[0]):
            self._open_block = OpenBlock(open_block.whole, self._message_id)
            return ""
        self.tail = open_block.render(blocks[0], is_open=len(blocks) == 1)
        if len(blocks) == 1:
            self._settle_parts(blocks[0])
            self._can_append_words = is_verbatim
            return None
        self._finish(self.tail)
        for block in blocks[1:-1]:
            self._finish(open_block.to_safe_html(block.html))
        return self._start_block(open_block, blocks[-1])

    def _parse(self, open_block: OpenBlock) -> tuple[list[Block], bool]:
        """Parse the open source; return its blocks and whether all of it was parsed unchanged."""
        definitions = self._definitions_for(open_block.source)
        source = complete(open_block.lead + open_block.source)[len(open_block.lead) :]
        prefix = definitions + open_block.lead
        html = self._numbers.apply(
            to_html(prepare(definitions) + prepare(open_block.lead + source))
        )
        self.parsed += len(prefix) + len(source)
        shift = prefix.count("\n")
        last_definition = definitions.count("\n") - shift
        blocks = [
            block
            for block in split_blocks(html, shift)
            if block.line > last_definition and block.name != "section"
        ]
        return blocks, fast_append.is_plain_text(open_block.source, source)

    def _start_block(self, open_block: OpenBlock, last: Block) -> str:
        """Start a new open block at `last` and return its source."""
        start = open_block.offset(last.line)
        if not start:
            raise LostPlaceholderError
        self._remember_definitions(open_block.source[:start])
        self._open_block = OpenBlock("", self._message_id)
        return open_block.source[start:]

    def _finish(self, html: str) -> None:
        self.blocks.append(html)
        self.tail = ""

    def _settle_parts(self, block: Block) -> None:
        self._remember_definitions(self._open_block.advance(block))

    def _remember_definitions(self, source: str) -> None:
        if "]:" in source:
            for match in _link_definitions(source):
                self._definitions.setdefault(_normalise_label(match[1]), match[0].strip())

    def _definitions_for(self, source: str) -> str:
        """Return definition lines for the references in `source`.

        They define the links seen earlier, and a stand-in note for each footnote whose own note
        has not arrived yet.
        """
        if "[" not in source:
            return ""
        labels = dict.fromkeys(_normalise_label(label) for label in _LABEL.findall(source))
        links = [self._definitions[label] for label in labels if label in self._definitions]
        notes = [f"[^{label}]: note\n\n" for label in footnotes.undefined_labels(source)]
        # Only an unindented line ends the last note, and a link definition is the only one that
        # renders nothing.
        return "".join(notes) + "\n".join([f"[{LABEL}]: x", *links]) + "\n\n"


def _link_definitions(source: str) -> Iterator[re.Match[str]]:
    """Yield the lines that define links; a definition cannot interrupt a paragraph."""
    end = 0
    for match in _DEFINITION.finditer(source):
        before = source[end : match.start()].rstrip(" \t")
        line = before[before.rstrip("\n").rfind("\n") + 1 :].strip(" ")
        if before in ("", "\n") or before.endswith("\n\n") or line.startswith("#"):
            end = match.end()
            yield match


def _normalise_label(label: str) -> str:
    """Return the form of a link label in which CommonMark compares labels."""
    return " ".join(label.split()).casefold()
