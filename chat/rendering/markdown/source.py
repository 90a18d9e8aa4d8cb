"""Text as it comes from a model or a person -> text that the parser can be given."""

import re
from bisect import bisect_right
from collections.abc import Iterator

from chat.rendering.markdown import tables

# Unicode sets these noncharacters aside for use inside a program. They never survive `normalise`,
# so wherever one is found later, it was put there by this package.
SENTINEL = "\ufdd0"
PLACEHOLDER = "\ufdd1"
AMPERSAND = "\ufdd2"
LABEL = "\ufdd3"
NONCHARACTERS = re.compile("[\ufdd0-\ufdef]")

MAX_MARKERS = 20
"""Block quotes and list items that one line may open; the rest of the line is text."""
MAX_MATH_LINES = 200
"""Lines that a display formula may have."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufdd0-\ufdef\ufffe\uffff]")
_MARKER = r"[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))"
_TOO_MANY = re.compile(rf"^(?:{_MARKER}){{{MAX_MARKERS}}}", re.M)
_HTML_LINE = re.compile(rf"^((?:{_MARKER})*[ \t]*(?:\[\^[^\]\n]+\]:[ \t]*)?)(?=<[A-Za-z/!?])", re.M)
_MATH_LINE = re.compile(r"^[ \t>]*(?:\$\$|\\\[)[ \t]*$", re.M)
_LINE = re.compile(
    rf"((?:{_MARKER})*[ \t]*)(?:(`{{3,}})([^`]*)|(~{{3,}})(.*)|(\$\$|\\\[|\\\])[ \t]*)?"
)
_CLOSES = {"$$": "$$", "\\[": "\\]"}


def normalise(text: str) -> str:
    """Newlines as LF; NUL, controls, noncharacters and lone surrogates as U+FFFD."""
    text = _scalar(text).replace("\r\n", "\n").replace("\r", "\n")
    return _FORBIDDEN.sub("\ufffd", text)


def _scalar(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


class Normaliser:
    """`normalise` for text in pieces: what may be half of a pair waits for the next piece."""

    def __init__(self) -> None:
        self._waiting = ""

    def feed(self, piece: str) -> str:
        """Return the normalised text that is certain after this piece."""
        piece = self._waiting + piece
        self._waiting = ""
        if piece and (piece[-1] == "\r" or "\ud800" <= piece[-1] <= "\udbff"):
            self._waiting = piece[-1]
            piece = piece[:-1]
        return normalise(piece)


def prepare(source: str) -> str:
    """Normalised text -> source for the parser, with as many lines.

    Lines that would begin an HTML block become paragraphs (a sentinel stands before the sign),
    deep nesting is capped, display formulas on lines of their own become math fences, so
    that a line such as ``+ b`` in them is no list, and table rows lose no cell.
    """
    if "<" in source:
        source = _HTML_LINE.sub(rf"\1{SENTINEL}", source)
    source = _TOO_MANY.sub(rf"\g<0>{SENTINEL}", source)
    if _MATH_LINE.search(source):
        source = _math_fences(source)
    if "|" in source and tables.RULER.search(source):
        source = tables.keep_cells(source, _code_lines(source.split("\n")))
    return source


def _code_lines(lines: list[str]) -> list[bool]:
    """Which lines stand in fenced code, or open it."""
    found: list[bool] = []
    fence = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        before = fence
        if match:
            fence = _fence_after(match, fence)
        found.append(bool(before or fence))
    return found


def _math_fences(source: str) -> str:
    lines = source.split("\n")
    for first, last in formulas(lines):
        if last is not None and not any("```" in line for line in lines[first : last + 1]):
            lines[first] = re.sub(r"(?:\$\$|\\\[)[ \t]*$", "```math", lines[first])
            lines[last] = re.sub(r"(?:\$\$|\\\])[ \t]*$", "```", lines[last])
    return "\n".join(lines)


def formulas(lines: list[str]) -> Iterator[tuple[int, int | None]]:
    """First and last line of each display formula outside code; None: it is still open.

    A formula ends before a blank line, as a paragraph does, or it is none.
    """
    ends = {mark: _lines_of(lines, mark) for mark in _CLOSES.values()}
    blank = _lines_of(lines[:-1], "")
    fence = ""
    number = 0
    while number < len(lines):
        match = _LINE.fullmatch(lines[number])
        if match and not fence and match[6] in _CLOSES:
            stop = _next(blank, number)
            last = _next(ends[_CLOSES[match[6]]], number)
            if last is not None and (stop is None or last < stop):
                yield number, last
                number = last
            elif stop is None:
                yield number, None
        elif match:
            fence = _fence_after(match, fence)
        number += 1


def _lines_of(lines: list[str], mark: str) -> list[int]:
    return [at for at, line in enumerate(lines) if mark in line and line.strip(" \t>") == mark]


def _next(ends: list[int], first: int) -> int | None:
    at = bisect_right(ends, first)
    return ends[at] if at < len(ends) and ends[at] - first < MAX_MATH_LINES else None


def _fence_after(match: re.Match[str], fence: str) -> str:
    """The mark of the code fence that is open after a line; "" if none is."""
    mark = match[2] or match[4] or ""
    if not fence or not mark:
        return fence or mark
    closes = mark.startswith(fence) and not (match[3] or match[5] or "").strip()
    return "" if closes else fence


def open_fence(lines: list[str]) -> bool:
    """Whether the last line stands in a fenced code block that is not closed."""
    fence = ""
    for line in lines:
        match = _LINE.fullmatch(line)
        if match:
            fence = _fence_after(match, fence)
    return bool(fence)
