"""Escape bars in table rows that would make the parser lose text.

GFM drops cells beyond the columns of the header, and it also splits cells at bars inside code and
formulas. Such bars are escaped here, before the parser runs.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from chat.rendering.markdown import dollars
from chat.rendering.markdown.backticks import Backticks

# https://github.github.com/gfm/#delimiter-row; a row of dashes alone underlines a heading.
# Possessive, so that a line of many blanks cannot make the match backtrack.
RULER = re.compile(
    r"^[ \t>]*+(?P<row>(?=[^\n]*[|:])\|?+[ \t]*+:?+-++:?+[ \t]*+"
    r"(?:\|[ \t]*+:?+-++:?+[ \t]*+)*+\|?+)[ \t]*+$",
    re.M,
)
MAX_LOOK_BACK = 50
"""Lines above an indented table that are searched for the list item it belongs to."""

_BAR = re.compile(r"(?<!\\)\|")
_CONTAINERS = re.compile(r"(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t])))*[ \t]*")
_ITEM = re.compile(r"[ \t>]*(?:[-+*]|\d{1,9}[.)])[ \t]+")
# The beginning of another block, which ends a table as a blank line does.
_BLOCK = re.compile(
    r"#{1,6}(?:[ \t]|$)|`{3}|~{3}|>|(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)|(?:[-*_][ \t]*){3,}$"
)
_DELIMITER = re.compile(r"\\[()\[\]]|\\.|`+|\$+")
_CLOSINGS = {"\\(": "\\)", "\\[": "\\]"}


def keep_cells(source: str, in_code: Sequence[bool]) -> str:
    """Fit every table row to its header; `in_code` tells for each line whether it is code."""
    lines = source.split("\n")
    number = 1
    while number < len(lines):
        columns = 0 if in_code[number] else count_columns(lines[number])
        is_table = columns and not _is_indented_code(lines, number - 1)
        if is_table and _fit_header(lines, number - 1, columns):
            number = _fit_rows(lines, number, columns)
        number += 1
    return "\n".join(lines)


@lru_cache(maxsize=256)
def count_columns(ruler: str) -> int:
    """Return the number of columns that a delimiter row defines, 0 for any other line."""
    match = RULER.fullmatch(ruler)
    return len(find_bars(match["row"])) + 1 if match else 0


def _is_indented_code(lines: list[str], number: int) -> bool:
    """Return whether the line is indented too far in its list item to be part of a table."""
    indent = _indent(lines[number])
    if indent < 4 or _ITEM.match(lines[number]):
        return False
    for line in reversed(lines[max(0, number - MAX_LOOK_BACK) : number]):
        if line.strip() and _indent(line) < indent:
            item = _ITEM.match(line)
            return not item or indent - len(item[0].expandtabs(4)) >= 4
    return True


def _indent(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(4))


def _fit_header(lines: list[str], number: int, columns: int) -> bool:
    """Return whether the line is a header of `columns` columns; escape bars in code if needed."""
    containers = _CONTAINERS.match(lines[number])
    head = lines[number][containers.end() if containers else 0 :]
    count = len(find_bars(head)) + 1
    if count > columns:
        fitted = escape_bars(head, find_spans(head))
        count = len(find_bars(fitted)) + 1
        if count == columns:
            lines[number] = lines[number].removesuffix(head) + fitted
    return count == columns


def _fit_rows(lines: list[str], number: int, columns: int) -> int:
    """Fit the rows below the delimiter row; return the line number of the last one."""
    quotes, indent = lines[number].count(">"), _indent(lines[number])
    while number + 1 < len(lines):
        line = lines[number + 1]
        row = line.lstrip(" \t>" if quotes else " \t")
        start = len(line) - len(row)
        if not row or _BLOCK.match(row) or _indent(line) >= indent + 4:
            break
        if line.count(">", 0, start) != quotes:
            break
        lines[number + 1] = line[:start] + fit_row(row, columns)
        number += 1
    return number


def fit_row(row: str, columns: int) -> str:
    """Return the row with no more cells than `columns`.

    Bars in code and formulas are escaped first. If there are still too many cells, the surplus
    becomes text of the last cell.
    """
    outer_bars = row.startswith("|") + row.endswith("|")
    if row.count("|") - outer_bars < columns or len(find_bars(row)) < columns:
        return row
    row = escape_bars(row, find_spans(row))
    end = len(row.rstrip(" \t|"))  # empty cells beyond the columns can be dropped
    surplus = [bar for bar in find_bars(row)[columns - 1 :] if bar < end]
    return escape_bars(row, [(bar, bar + 1) for bar in surplus])


def find_bars(row: str) -> list[int]:
    """Return the offsets of the bars between the cells of a row."""
    bars = [bar.start() for bar in _BAR.finditer(row)]
    first = 1 if bars and not row[: bars[0]].strip() else 0
    last = len(bars) - (len(bars) > first and not row[bars[-1] + 1 :].strip())
    return bars[first:last]


def escape_bars(row: str, parts: Sequence[tuple[int, int]]) -> str:
    """Return the row with the unescaped bars in these parts, (start, end) offsets, escaped."""
    pieces: list[str] = []
    end = 0
    for start, stop in parts:
        pieces += row[end:start], _BAR.sub(r"\\|", row[start:stop])
        end = stop
    return "".join([*pieces, row[end:]])


def find_spans(row: str) -> list[tuple[int, int]]:
    """Return start and end of each code span and formula in a row, in linear time."""
    backticks = Backticks(row)
    offsets: dict[str, list[int]] = defaultdict(list)
    for match in _DELIMITER.finditer(row):
        offsets[match[0]].append(match.start())
    code_and_math: list[tuple[int, int]] = []
    position = 0
    while delimiter := _DELIMITER.search(row, position):
        if delimiter[0][0] == "`":
            stop = backticks.find_end(delimiter)
        else:
            stop = _formula_end(row, delimiter, offsets)
        if stop is not None:
            code_and_math.append((delimiter.start(), stop))
        position = delimiter.end() if stop is None else stop
    return code_and_math


def _formula_end(row: str, delimiter: re.Match[str], offsets: dict[str, list[int]]) -> int | None:
    """Return the end of the formula that the delimiter opens, if it opens one."""
    if delimiter[0][0] == "$":
        return dollars.find_end(row, delimiter.start())
    closing = _CLOSINGS.get(delimiter[0], "")
    index = bisect_left(offsets[closing], delimiter.end()) if closing else 0
    if not closing or index == len(offsets[closing]):
        return None
    return offsets[closing][index] + len(closing)
