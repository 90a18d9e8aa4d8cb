"""Table rows whose bars would cost text: GFM drops what is beyond the columns of the header, and
splits cells at bars in code and formulas too. Such bars are escaped here, before the parser.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

# https://github.github.com/gfm/#delimiter-row; one of dashes alone underlines a heading.
RULER = re.compile(
    r"^[ \t>]*(?P<row>(?=[^\n]*[|:])\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?)[ \t]*$", re.M
)
MAX_LOOK_BACK = 50
"""Lines above an indented table in which the list item that it stands in is looked for."""

_BAR = re.compile(r"(?<!\\)\|")
_CONTAINERS = re.compile(r"(?:[ \t]*(?:>|(?:[-+*]|\d{1,9}[.)])(?=[ \t])))*[ \t]*")
_ITEM = re.compile(r"[ \t>]*(?:[-+*]|\d{1,9}[.)])[ \t]+")
# What ends a table beside a blank line: the beginning of another block.
_BLOCK = re.compile(
    r"#{1,6}(?:[ \t]|$)|`{3}|~{3}|>|(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)|(?:[-*_][ \t]*){3,}$"
)
_SIGN = re.compile(r"\\[()\[\]]|\\.|`+|\$+")
_CLOSINGS = {"\\(": "\\)", "\\[": "\\]", "$": "$", "$$": "$$"}


def keep_cells(source: str, in_code: Sequence[bool]) -> str:
    """The source with every table row fitted to its header; `in_code` says which lines are code."""
    lines = source.split("\n")
    number = 1
    while number < len(lines):
        columns = 0 if in_code[number] else columns_of(lines[number])
        is_table = columns and not _is_indented_code(lines, number - 1)
        if is_table and _fit_header(lines, number - 1, columns):
            number = _fit_rows(lines, number, columns)
        number += 1
    return "\n".join(lines)


@lru_cache(maxsize=256)
def columns_of(ruler: str) -> int:
    """The columns that a line under a header makes; 0 if it is no such line."""
    match = RULER.fullmatch(ruler)
    return len(cells(match["row"])) + 1 if match else 0


def _is_indented_code(lines: list[str], number: int) -> bool:
    """Whether the line stands deeper than a table may, in the list item that it belongs to."""
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
    """Whether the line is the header of so many columns, if need be without bars in code."""
    begin = _CONTAINERS.match(lines[number])
    head = lines[number][begin.end() if begin else 0 :]
    count = len(cells(head)) + 1
    if count > columns:
        fitted = escaped(head, spans(head))
        count = len(cells(fitted)) + 1
        if count == columns:
            lines[number] = lines[number].removesuffix(head) + fitted
    return count == columns


def _fit_rows(lines: list[str], number: int, columns: int) -> int:
    """Fit the rows below the ruler; returns the number of the last one."""
    quotes, indent = lines[number].count(">"), _indent(lines[number])
    while number + 1 < len(lines):
        line = lines[number + 1]
        row = line.lstrip(" \t>" if quotes else " \t")
        begin = len(line) - len(row)
        if not row or _BLOCK.match(row) or _indent(line) >= indent + 4:
            break
        if line.count(">", 0, begin) != quotes:
            break
        lines[number + 1] = line[:begin] + fit_row(row, columns)
        number += 1
    return number


def fit_row(row: str, columns: int) -> str:
    """The row with no more cells than columns: bars in code and formulas are text, and what is
    still too much stays in the last cell."""
    at_ends = row.startswith("|") + row.endswith("|")
    if row.count("|") - at_ends < columns or len(cells(row)) < columns:
        return row
    row = escaped(row, spans(row))
    end = len(row.rstrip(" \t|"))  # empty cells beyond the columns may go
    surplus = [bar for bar in cells(row)[columns - 1 :] if bar < end]
    return escaped(row, [(bar, bar + 1) for bar in surplus])


def cells(row: str) -> list[int]:
    """Where the bars between the cells of a row are."""
    bars = [bar.start() for bar in _BAR.finditer(row)]
    first = 1 if bars and not row[: bars[0]].strip() else 0
    last = len(bars) - (len(bars) > first and not row[bars[-1] + 1 :].strip())
    return bars[first:last]


def escaped(row: str, parts: Sequence[tuple[int, int]]) -> str:
    """The row with the bars in these parts escaped, if they are not yet."""
    pieces: list[str] = []
    end = 0
    for begin, stop in parts:
        pieces += row[end:begin], _BAR.sub(r"\\|", row[begin:stop])
        end = stop
    return "".join([*pieces, row[end:]])


def spans(row: str) -> list[tuple[int, int]]:
    """Begin and end of the code and the formulas of a row, in linear time."""
    signs = list(_SIGN.finditer(row))
    places = _closings(row, signs)
    found: list[tuple[int, int]] = []
    end = 0
    for sign in signs:
        closing = _closing_of(row, sign)
        if sign.start() < end or not closing:
            continue
        at = bisect_left(places[closing], sign.end())
        if at < len(places[closing]):
            end = places[closing][at] + len(closing)
            found.append((sign.start(), end))
    return found


def _closings(row: str, signs: Sequence[re.Match[str]]) -> dict[str, list[int]]:
    """Where each sign that may end code or a formula is."""
    places: dict[str, list[int]] = defaultdict(list)
    for sign in signs:
        at, text = sign.start(), sign[0]
        is_open = text == "$" and (row[at - 1 : at].isspace() or row[at + 1 : at + 2].isdigit())
        if not is_open:
            places[text].append(at)
    return places


def _closing_of(row: str, sign: re.Match[str]) -> str:
    """The sign that ends what this one begins; "" if it begins nothing."""
    if sign[0][0] == "`":
        return sign[0]
    if sign[0] == "$" and row[sign.end() : sign.end() + 1].isspace():
        return ""
    return _CLOSINGS.get(sign[0], "")
