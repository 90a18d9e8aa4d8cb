"""Prepare text from a model or a person for the Markdown parser."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from chat.rendering.markdown import addresses, inline_tags, literals, tables
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
MAX_MATH_LINES = 200
"""Maximum number of lines in a display formula."""

# Control characters and noncharacters, which HTML must not hold; as a set of a regular expression.
FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff"
_MARKER = r"[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))"
_TOO_MANY = re.compile(rf"^(?:{_MARKER}){{{MAX_MARKERS}}}", re.M)
_HTML_LINE = re.compile(rf"^((?:{_MARKER})*[ \t]*(?:\[\^[^\]\n]+\]:[ \t]*)?)(?=<[A-Za-z/!?])", re.M)
_MATH_LINE = re.compile(r"^[ \t>]*(?:\$\$|\\\[)[ \t]*$", re.M)
_LINE = re.compile(
    rf"((?:{_MARKER})*[ \t]*)(?:(`{{3,}})([^`]*)|(~{{3,}})(.*)|(\$\$|\\\[|\\\])[ \t]*)?"
)
_CLOSES = {"$$": "$$", "\\[": "\\]"}


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

    - Lines that would start an HTML block become paragraphs: a sentinel is put before the "<".
    - Deep nesting is capped.
    - Display formulas on lines of their own become math fences, so that a line such as ``+ b`` in
      them is not read as a list.
    - Table rows are escaped so that they lose no cell.
    - Tags that become elements, the ends of addresses, and signs that are text are marked for
      `convert.to_html`.
    """
    if "<" in source:
        source = _HTML_LINE.sub(rf"\1{SENTINEL}", source)
    source = _TOO_MANY.sub(rf"\g<0>{SENTINEL}", source)
    if _MATH_LINE.search(source):
        source = _math_fences(source)
    if "|" in source and tables.RULER.search(source):
        source = tables.keep_cells(source, _code_lines(source.split("\n")))
    return _mark_inline(source)


def _mark_inline(source: str) -> str:
    if "<" in source:
        source = inline_tags.mark(source)
    if "://" in source or "www." in source:
        source = addresses.mark_ends(source)
    return literals.hide(source)


def _code_lines(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to fenced code, its opening line included."""
    is_code: list[bool] = []
    fence = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        before = fence
        if match:
            fence = _fence_after(match, fence)
        is_code.append(bool(before or fence))
    return is_code


def _math_fences(source: str) -> str:
    lines = source.split("\n")
    for first, last in formulas(lines):
        if last is not None and not any("```" in line for line in lines[first : last + 1]):
            lines[first] = re.sub(r"(?:\$\$|\\\[)[ \t]*$", "```math", lines[first])
            lines[last] = re.sub(r"(?:\$\$|\\\])[ \t]*$", "```", lines[last])
    return "\n".join(lines)


def formulas(lines: list[str]) -> Iterator[tuple[int, int | None]]:
    """Yield the first and last line (from 0) of each display formula outside code.

    The last line is None for a formula that is still open. Like a paragraph, a formula cannot
    contain a blank line; if one comes before the closing mark, there is no formula.
    """
    ends = {mark: _line_numbers(lines, mark) for mark in _CLOSES.values()}
    blank = _line_numbers(lines[:-1], "")
    fence = ""
    number = 0
    while number < len(lines):
        match = _LINE.fullmatch(lines[number])
        if match and not fence and match[6] in _CLOSES:
            stop = _first_after(blank, number)
            last = _first_after(ends[_CLOSES[match[6]]], number)
            if last is not None and (stop is None or last < stop):
                yield number, last
                number = last
            elif stop is None:
                yield number, None
        elif match:
            fence = _fence_after(match, fence)
        number += 1


def _line_numbers(lines: list[str], mark: str) -> list[int]:
    """Return the numbers (from 0) of the lines that hold nothing but `mark`."""
    return [
        number for number, line in enumerate(lines) if mark in line and line.strip(" \t>") == mark
    ]


def _first_after(numbers: list[int], line: int) -> int | None:
    """Return the first of the sorted line numbers after `line`, None if it is too far away."""
    index = bisect_right(numbers, line)
    if index < len(numbers) and numbers[index] - line < MAX_MATH_LINES:
        return numbers[index]
    return None


def _fence_after(match: re.Match[str], fence: str) -> str:
    """Return the mark of the code fence that is open after a line, "" if none is."""
    mark = match[2] or match[4] or ""
    if not fence or not mark:
        return fence or mark
    closes = mark.startswith(fence) and not (match[3] or match[5] or "").strip()
    return "" if closes else fence


def open_fence(lines: list[str]) -> bool:
    """Return whether the last line is inside a fenced code block that is not closed."""
    fence = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            fence = _fence_after(match, fence)
    return bool(fence)
