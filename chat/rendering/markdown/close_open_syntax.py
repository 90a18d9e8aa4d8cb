"""Complete text that breaks off in mid-syntax, so that no raw Markdown characters show.

Open syntax is closed. An ending that could still become different things is held back until the
next characters decide.
"""

import re

from chat.rendering.markdown import inline, tables
from chat.rendering.markdown.code_lines import code_lines, count_quotes, open_fence
from chat.rendering.markdown.display_math import DisplayFormula, find_formulas

MAX_FORMULA = 1_000
"""Length, in characters, up to which an open display formula is held back."""

# Possessive, so that a line of many blanks cannot make a match backtrack.
_PREFIX = r"[ \t>]*+(?:(?:[-+*]|\d{1,9}[.)])[ \t]++)*+"
# A last line that may still become something other than text.
_UNDECIDED = re.compile(
    rf"{_PREFIX}(?:#{{1,6}}|[-+*=_:| \t]++|\d{{1,9}}[.)]?|`{{1,2}}|~{{1,2}}|\$\$?|\\"
    r"|!?\[[^\]\n]{0,60}\]?"
    r"|\[\^[^\]\n]{1,40}\]:?[ \t]*)?[ \t]*"
)
_LEAF = re.compile(rf"(?:{_PREFIX})(?:#{{1,6}}[ \t]+)?(?:\[[ xX]\][ \t]+)?")
_STARTS = re.compile(r"[ \t>]*(?:$|#{1,6}[ \t]|(?:[-+*]|\d{1,9}[.)])[ \t]|\||`{3,}|~{3,})")
_ROW = re.compile(r"[ \t]*\|")
_DELIMITER_ROW = re.compile(r"[ \t]*\|[ \t:|-]*")
_BAR = re.compile(r"(?<!\\)\|")


def complete(source: str) -> str:
    """Return `source` with its last lines changed so that it can be shown, without adding lines."""
    if not ("```" in source or "~~~" in source or "$$" in source or "\\[" in source):
        return _complete_last_block(source)
    lines = source.split("\n")
    if open_fence(lines):
        return source[: len(source) - len(lines[-1])] if _may_be_code_span(lines) else source
    formulas = list(find_formulas(lines, code_lines(lines)))
    if not formulas:
        return _complete_last_block(source)
    if formulas[-1].last is None:
        return _without_open_formula(source, lines, formulas[-1])
    return _complete_after(lines, formulas[-1])


def _may_be_code_span(lines: list[str]) -> bool:
    """Return whether the last line goes on a paragraph if another backtick in it follows."""
    is_below_text = len(lines) > 1 and bool(lines[-2].strip(" \t>"))
    return is_below_text and "```" in lines[-1] and not open_fence(lines[:-1])


def _complete_last_block(source: str) -> str:
    cut = source.rfind("\n") + 1
    before, last = source[:cut], source[cut:]
    if "|" in source:
        table = _complete_table(before, last)
        if table is not None:
            return table
    if _UNDECIDED.fullmatch(last):
        return before
    start = _text_start(before, last)
    completed = source[:start] + inline.complete(source[start:])
    if _has_undecided_end(completed):
        return completed[: completed.rfind("\n") + 1]
    return completed


def _has_undecided_end(source: str) -> bool:
    return _UNDECIDED.fullmatch(source, source.rfind("\n") + 1) is not None


def _without_open_formula(source: str, lines: list[str], formula: DisplayFormula) -> str:
    before = "\n".join(lines[: formula.first])
    if len(source) - len(before) > MAX_FORMULA:
        return _complete_last_block(source)
    text = lines[formula.first][: formula.start]
    if not _LEAF.fullmatch(text):
        before = f"{before}\n{text}" if formula.first else text
    return _complete_last_block(before)


def _complete_after(lines: list[str], formula: DisplayFormula) -> str:
    """Complete the text behind the last display formula; its marks are no open syntax."""
    number = formula.last or 0
    if formula.is_fenced and number == len(lines) - 1:
        return "\n".join(lines)
    if formula.is_fenced:
        before, rest = [*lines[: number + 1], ""], lines[number + 1 :]
        return "\n".join(before) + _complete_last_block("\n".join(rest))
    before = [*lines[:number], lines[number][: formula.end]]
    rest = [lines[number][formula.end :], *lines[number + 1 :]]
    complete_rest = _complete_last_block if len(rest) > 1 else inline.complete
    return "\n".join(before) + complete_rest("\n".join(rest))


def _complete_table(before: str, last: str) -> str | None:
    """Return the completed source if `last` belongs to a table or may start one, else None."""
    rows = _last_rows(before)
    if last and not _ROW.match(last):
        return None
    if not rows:
        return before if last else None
    if len(rows) > 1:
        return _complete_row(before, last) if last else before
    head = rows[0]
    if _DELIMITER_ROW.fullmatch(last) and "-" in last:
        return before + _delimiter_row(head)
    if not last.strip(" \t|:"):
        return before[: len(before) - len(head) - 1]
    return None


def _last_rows(before: str) -> list[str]:
    """Return up to three lines at the end of `before` that start with a bar."""
    rows: list[str] = []
    end = len(before) - 1
    while end > 0 and len(rows) < 3:
        start = before.rfind("\n", 0, end) + 1
        if not _ROW.match(before, start, end):
            break
        rows.insert(0, before[start:end])
        end = start - 1
    return rows


def _delimiter_row(head: str) -> str:
    """Return a complete delimiter row for the header row `head`."""
    head = tables.escape_bars(head, tables.find_spans(head))
    cells = len(_BAR.findall(head.strip().removeprefix("|").removesuffix("|"))) + 1
    return "|" + "-|" * cells


def _complete_row(before: str, last: str) -> str:
    """Return the source with the last cell of the last row completed.

    Bars beyond the number of columns are text of that cell.
    """
    columns = _column_count(before)
    last = tables.fit_row(last, columns) if columns else last
    bars = [bar.end() for bar in _BAR.finditer(last)]
    start = bars[-1] if bars else 0
    row = last[:start] + inline.complete(last[start:])
    return before + row if row.strip(" \t|") else before


def _column_count(before: str) -> int:
    """Return the number of columns of the table that ends here, 0 without a delimiter row."""
    lines: list[str] = []
    end = len(before) - 1
    while end > 0:
        start = before.rfind("\n", 0, end) + 1
        if not _ROW.match(before, start, end):
            break
        lines = [before[start:end], *lines[:1]]
        end = start - 1
    return tables.count_columns(lines[1]) if len(lines) > 1 else 0


def _text_start(before: str, last: str) -> int:
    """Return the offset at which the text of the last paragraph, heading or item begins."""
    start = len(before)
    line = last
    while start and not _STARTS.match(line):
        previous = before.rfind("\n", 0, start - 1) + 1
        above = before[previous : start - 1]
        if not above.strip(" \t>") or count_quotes(line) > count_quotes(above):
            break
        line, start = above, previous
    match = _LEAF.match(before + last, start)
    return match.end() if match else start
