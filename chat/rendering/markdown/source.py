"""Prepare text from a model or a person for the Markdown parser."""

import re

from chat.rendering.markdown import (
    addresses,
    display_math,
    dollars,
    inline_tags,
    literals,
    tables,
    windows_paths,
)
from chat.rendering.markdown.code_lines import code_lines
from chat.rendering.markdown.fences import rewrite_fences
from chat.text import ChunkNormalizer

# Unicode reserves these noncharacters for internal use. `normalize` replaces them in the input, so
# any that occurs later was inserted by this package.
SENTINEL = "\ufdd0"
PLACEHOLDER = "\ufdd1"
AMPERSAND = "\ufdd2"
LABEL = "\ufdd3"
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")

MAX_MARKERS = 20
"""Maximum block quotes and list items that one line may open; the rest of the line is text."""

# Control characters and noncharacters, which HTML must not hold; as a set of a regular expression.
FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff"
_MARKER = r"[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))"
_TOO_MANY = re.compile(rf"^(?:{_MARKER}){{{MAX_MARKERS}}}", re.M)
_HTML_LINE = re.compile(rf"^((?:{_MARKER})*[ \t]*(?:\[\^[^\]\n]+\]:[ \t]*)?)(?=<[A-Za-z/!?])", re.M)


def normalizer() -> ChunkNormalizer:
    """Return a normalizer for text that will be parsed and shown as HTML."""
    return ChunkNormalizer(FORBIDDEN, "\ufffd")


def normalize(text: str) -> str:
    """Return the text with LF newlines and with U+FFFD for characters that HTML must not hold.

    Those are NUL, other control characters, noncharacters and lone surrogates.
    """
    chunks = normalizer()
    return chunks.feed(text) + chunks.flush()


def prepare(source: str) -> str:
    """Return normalised text as source for the parser, with the same number of lines.

    - Marks around nested fences are made longer.
    - Lines that would start an HTML block become paragraphs: a sentinel is put before the "<".
    - Deep nesting is capped.
    - Display formulas of several lines are kept from the block parser (`display_math`).
    - Dollar signs that are prose are hidden (`dollars`).
    - Table rows are escaped so that they lose no cell.
    - Tags that become elements, the ends of addresses, and signs that are text are marked for
      `convert.to_html`.
    """
    source = rewrite_fences(source)
    if "<" in source:
        source = _HTML_LINE.sub(rf"\1{SENTINEL}", source)
    source = _TOO_MANY.sub(rf"\g<0>{SENTINEL}", source)
    if "$" in source or "\\[" in source or dollars.DOLLAR in source:
        source = _prepare_math(source)
    if "|" in source and tables.RULER.search(source):
        source = tables.keep_cells(source, code_lines(source.split("\n")))
    return _mark_inline(source)


def _mark_inline(source: str) -> str:
    source = windows_paths.hide(source)
    if "<" in source:
        source = inline_tags.mark(source)
    if "://" in source or "www." in source:
        source = addresses.mark_ends(source)
    return literals.hide(source)


def _prepare_math(source: str) -> str:
    lines = source.split("\n")
    in_code = code_lines(lines)
    if display_math.MARKS.search(source):
        display_math.fit_formulas(lines, in_code)
        in_code = code_lines(lines)
    return dollars.mark_prose("\n".join(lines), in_code)
