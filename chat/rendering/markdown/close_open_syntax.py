"""The open end of a text -> source that shows no raw signs: what is open is closed, what could
still become anything is held back until the next characters decide."""

import re

from chat.rendering.markdown import inline, tables
from chat.rendering.markdown.source import formulas, open_fence

MAX_FORMULA = 1_000
"""Characters for which an open display formula is held back."""

_PREFIX = r"[ \t>]*(?:(?:[-+*]|\d{1,9}[.)])[ \t]+)*"
# The last line as long as it may still become something else than text.
_UNDECIDED = re.compile(
    rf"{_PREFIX}(?:#{{1,6}}|[-+*=_:| \t]+|\d{{1,9}}[.)]?|`{{1,2}}|~{{1,2}}|\$\$?|\\"
    r"|!?\[[^\]\n]{0,60}\]?"
    r"|\[\^[^\]\n]{1,40}\]:?[ \t]*)?[ \t]*"
)
_LEAF = re.compile(rf"(?:{_PREFIX})(?:#{{1,6}}[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_STARTS = re.compile(r"[ \t>]*(?:$|#{1,6}[ \t]|(?:[-+*]|\d{1,9}[.)])[ \t]|\||`{3,}|~{3,})")
_ROW = re.compile(r"[ \t]*\|")
_RULER = re.compile(r"[ \t]*\|[ \t:|-]*")
_BAR = re.compile(r"(?<!\\)\|")


def complete(source: str) -> str:
    """Return `source` with its last lines changed so that it can be shown; no line is added."""
    if not ("```" in source or "~~~" in source or "$$" in source or "\\[" in source):
        return _completed(source)
    lines = source.split("\n")
    if open_fence(lines):
        return source
    found = list(formulas(lines))
    if found and found[-1][1] == len(lines) - 1:
        return source
    return _without_open_formula(_completed(source))


def _completed(source: str) -> str:
    cut = source.rfind("\n") + 1
    before, last = source[:cut], source[cut:]
    if "|" in source:
        table = _table(before, last)
        if table is not None:
            return table
    if _UNDECIDED.fullmatch(last):
        return before
    start = _leaf(before, last)
    shown = source[:start] + inline.complete(source[start:])
    return shown[: shown.rfind("\n") + 1] if _undecided_end(shown) else shown


def _undecided_end(source: str) -> bool:
    return _UNDECIDED.fullmatch(source, source.rfind("\n") + 1) is not None


def _without_open_formula(source: str) -> str:
    lines = source.split("\n")
    near = len(lines) - source.count("\n", max(0, len(source) - MAX_FORMULA)) - 1
    for first, last in formulas(lines):
        if last is None and first >= near:
            return "\n".join(lines[:first])
    return source


def _table(before: str, last: str) -> str | None:
    """The source when its last line belongs to a table or may begin one, else None."""
    rows = _rows(before)
    if last and not _ROW.match(last):
        return None
    if not rows:
        return before if last else None
    if len(rows) > 1:
        return _last_row(before, last) if last else before
    head = rows[0]
    if _RULER.fullmatch(last) and "-" in last:
        return before + _ruler(head)
    if not last.strip(" \t|:"):
        return before[: len(before) - len(head) - 1]
    return None


def _rows(before: str) -> list[str]:
    """The lines with a bar in front at the end of `before`, at most three."""
    rows: list[str] = []
    end = len(before) - 1
    while end > 0 and len(rows) < 3:
        begin = before.rfind("\n", 0, end) + 1
        if not _ROW.match(before, begin, end):
            break
        rows.insert(0, before[begin:end])
        end = begin - 1
    return rows


def _ruler(head: str) -> str:
    cells = len(_BAR.findall(head.strip().removeprefix("|").removesuffix("|"))) + 1
    return "|" + "-|" * cells


def _last_row(before: str, last: str) -> str:
    """The last row with its last cell completed; bars beyond the columns are text of that cell."""
    columns = _columns(before)
    last = tables.fit_row(last, columns) if columns else last
    bars = [bar.end() for bar in _BAR.finditer(last)]
    cell = bars[-1] if bars else 0
    row = last[:cell] + inline.complete(last[cell:])
    return before + row if row.strip(" \t|") else before


def _columns(before: str) -> int:
    """The columns of the table that ends here, 0 if its ruler is not there."""
    lines: list[str] = []
    end = len(before) - 1
    while end > 0:
        begin = before.rfind("\n", 0, end) + 1
        if not _ROW.match(before, begin, end):
            break
        lines = [before[begin:end], *lines[:1]]
        end = begin - 1
    return tables.columns_of(lines[1]) if len(lines) > 1 else 0


def _leaf(before: str, last: str) -> int:
    """Where the text of the last paragraph, heading or item begins."""
    begin = len(before)
    line = last
    while begin and not _STARTS.match(line):
        above = before.rfind("\n", 0, begin - 1) + 1
        line = before[above : begin - 1]
        if not line.strip(" \t>"):
            break
        begin = above
    match = _LEAF.match(before + last, begin)
    return match.end() if match else begin
