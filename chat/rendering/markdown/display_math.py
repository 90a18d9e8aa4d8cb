"""Find display formulas that extend over lines, and keep their lines from the block parser.

Inside of a formula a line such as ``+ b`` is no list, and an empty line does not end it.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chat.rendering.markdown.dollars import GLUE
from chat.rendering.markdown.prose import is_prose, is_word

MAX_LINES = 200
"""Maximum number of lines in a display formula."""

MARKS = re.compile(r"\$\$|\\\[")
# Not the beginning of "\\\\[4pt]", the space between two rows.
_MARKS = {mark: re.compile(rf"(?<!\\){re.escape(mark)}") for mark in ("$$", "\\[", "\\]")}
_CLOSES = {"$$": "$$", "\\[": "\\]"}
_ALONE = re.compile(r"(?:\$\$|\\\[)[ \t]*$")
_END_ALONE = re.compile(r"(?:\$\$|\\\])[ \t]*$")
_MARKER = r"[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t]))"
_CONTAINERS = re.compile(rf"(?:{_MARKER})*[ \t]*")


@dataclass(frozen=True, slots=True)
class DisplayFormula:
    """A display formula from line `first` to line `last` (from 0), None if it is still open.

    `is_fenced` tells that its marks are on lines of their own. `start` and `end` are the offsets in
    these lines at which it begins and ends.
    """

    first: int
    last: int | None
    is_fenced: bool
    start: int
    end: int = 0


def fit_formulas(lines: list[str], in_code: Sequence[bool]) -> None:
    """Change the lines of display formulas so that the parser takes each as one formula.

    Marks on lines of their own become math fences. In other formulas `GLUE` begins each line.
    """
    for formula in find_formulas(lines, in_code):
        if formula.last is None:
            continue
        inside = range(formula.first, formula.last + 1)
        if not formula.is_fenced:
            for number in inside[1:]:
                start = _prefix_length(lines[number])
                lines[number] = lines[number][:start] + GLUE + lines[number][start:]
        elif not any("```" in lines[number] for number in inside):
            lines[formula.first] = _ALONE.sub("```math", lines[formula.first])
            lines[formula.last] = _END_ALONE.sub("```", lines[formula.last])


def _prefix_length(line: str) -> int:
    return len(line) - len(line.lstrip(" \t>"))


def find_formulas(lines: Sequence[str], in_code: Sequence[bool]) -> Iterator[DisplayFormula]:
    """Yield the display formulas that extend over lines, in order.

    A formula with an empty line in it must not have prose in it: there is more likely a mark
    missing than a formula of two paragraphs.
    """
    closings = {mark: _lines_with(lines, mark) for mark in _CLOSES.values()}
    number = 0
    while number < len(lines):
        opening = "" if in_code[number] else _opening(lines[number])
        formula = _formula_at(lines, number, opening, closings) if opening else None
        if formula:
            yield formula
            number = formula.last or number
        number += 1


def _lines_with(lines: Sequence[str], mark: str) -> list[int]:
    return [number for number, line in enumerate(lines) if mark in line and _find(mark, line)]


def _find(mark: str, line: str) -> list[int]:
    """Return the offsets of a mark in a line."""
    return [match.start() for match in _MARKS[mark].finditer(line)]


def _opening(line: str) -> str:
    """Return the mark that begins or ends the line and is not closed on it, or ""."""
    if "$$" not in line and "\\[" not in line:
        return ""
    text = _CONTAINERS.sub("", line, count=1).rstrip(" \t")
    for mark, closing in _CLOSES.items():
        places = _find(mark, text)
        is_open = len(places) % 2 if mark == closing else places and not _find(closing, text)
        is_outside = places and (places[0] == 0 or places == [len(text) - 2])
        if is_open and is_outside and "`" not in text:
            return mark
    return ""


def _formula_at(
    lines: Sequence[str], first: int, mark: str, closings: dict[str, list[int]]
) -> DisplayFormula | None:
    numbers = closings[_CLOSES[mark]]
    index = bisect_right(numbers, first)
    last = numbers[index] if index < len(numbers) else None
    stop = len(lines) if last is None else last
    if stop - first >= MAX_LINES:
        return None
    start = _find(mark, lines[first])[-1]
    is_alone = _CONTAINERS.sub("", lines[first], count=1).strip(" \t") == mark
    if last is not None:
        return _closed(lines, DisplayFormula(first, last, is_alone, start), _CLOSES[mark])
    texts = [line.rstrip("$\\") for line in (lines[first][start + 2 :], *lines[first + 1 :])]
    is_open = is_alone and not _has_gap(texts[1:-1])
    if is_open or (_is_math(texts) and not _is_cut(lines[first:])):
        return DisplayFormula(first, None, is_alone, start)
    return None


def _closed(lines: Sequence[str], formula: DisplayFormula, closing: str) -> DisplayFormula | None:
    """Return the formula with its end, or None if it is none after all."""
    first, last = formula.first, formula.last or 0
    is_fenced = formula.is_fenced and lines[last].strip(" \t>") == closing
    places = _find(closing, lines[last])
    if not is_fenced and closing == "$$" and len(places) % 2 == 0:
        return None
    inside = lines[first + 1 : last]
    if _has_gap(inside) or not is_fenced:
        texts = [lines[first][formula.start + 2 :], *inside, lines[last][: places[0]]]
        if _is_cut(lines[first:last]) or not _is_math(texts):
            return None
    return replace(formula, is_fenced=is_fenced, end=places[0] + 2)


def _has_gap(lines: Sequence[str]) -> bool:
    return any(not line.strip(" \t>") for line in lines)


def _is_cut(lines: Sequence[str]) -> bool:
    """Return whether the lines begin in a quote that an empty line ends."""
    return lines[0].lstrip().startswith(">") and any(not line.strip() for line in lines)


def _is_math(lines: Sequence[str]) -> bool:
    """Return whether no line is prose, opens a formula or code."""
    texts = [line.strip(" \t>") for line in lines]
    return not any(
        _find("\\[", text) or "```" in text or is_word(text) or is_prose(text) for text in texts
    )
