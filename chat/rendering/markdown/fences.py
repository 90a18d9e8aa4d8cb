"""Rewrite fenced code that the parser would end too early or indent wrongly.

A fence of Markdown holds fences of the same length, which models write although CommonMark ends the
outer one at the first closing mark. A fence indented with tabs loses columns in the parser.
"""

import re

from chat.rendering.markdown.code import language

_OPENING = re.compile(r"([ \t]*)(?:(`{3,})([^`]*)|(~{3,})(.*))")
_RUN = re.compile(r"[ \t]*(`{3,}|~{3,})")
_NESTING = frozenset({"markdown", "md", "mdx"})


class FenceNesting:
    """Tells which line ends a fenced block, line by line.

    In a block of Markdown, a mark with a language opens an inner block.
    """

    def __init__(self, mark: str, info: str, indent: int = 0) -> None:
        self._closing = re.compile(rf"[ \t]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
        self._opening = re.compile(rf"[ \t]*{re.escape(mark[0])}{{{len(mark)},}}[ \t]*[\w{{.][^`]*")
        self._nests = language(info).lower() in _NESTING
        self._max_indent = indent + 3
        self.depth = 0

    def closes(self, line: str) -> bool:
        """Return whether this line ends the block, and count inner blocks."""
        if self._closing.fullmatch(line):
            if not self.depth:
                return not remove_indent(line, self._max_indent).startswith((" ", "\t"))
            self.depth -= 1
        elif self._nests and self._opening.fullmatch(line):
            self.depth += 1
        return False


def rewrite_fences(source: str) -> str:
    """Return Markdown with wider marks around nested fences, and without tabs before fences.

    An inner block counts only if the outer one ends later. The number of lines stays.
    """
    if not ("```" in source or "~~~" in source):
        return source
    lines = source.split("\n")
    number, can_nest = 0, True
    while number < len(lines):
        match = _OPENING.fullmatch(lines[number])
        if match is None:
            number += 1
            continue
        mark, info = match[2] or match[4], match[3] or match[5] or ""
        indent = len(match[1].expandtabs(4))
        nesting = FenceNesting(mark, info if can_nest else "", indent)
        end, stop = _find_end(lines, number, indent, nesting)
        if end is None and can_nest:  # perhaps the inner block has no end; do not search again
            can_nest = stop < len(lines)
            end, stop = _find_end(lines, number, indent, FenceNesting(mark, "", indent))
        if "\t" in match[1]:
            _expand_indent(lines, number, stop, indent)
        if end is not None:
            _widen(lines, number, end, mark)
        number = stop
    return "\n".join(lines)


def _find_end(
    lines: list[str], start: int, indent: int, nesting: FenceNesting
) -> tuple[int | None, int]:
    """Return the line that closes the fence, None if none does, and the line after the block.

    A line with less indentation than the list item around the fence ends both.
    """
    blanks = " " * max(0, indent - 3)
    for number in range(start + 1, len(lines)):
        if blanks and _is_left_of(lines[number], blanks):
            return None, number
        if nesting.closes(lines[number]):
            return number, number + 1
    return None, len(lines)


def _is_left_of(line: str, blanks: str) -> bool:
    return bool(line) and not line.isspace() and not line.expandtabs(4).startswith(blanks)


def _widen(lines: list[str], start: int, end: int, mark: str) -> None:
    """Make the marks of the lines `start` and `end` longer than those between them."""
    runs = [run[1] for line in lines[start + 1 : end] if (run := _RUN.match(line))]
    longest = max((len(run) for run in runs if run[0] == mark[0]), default=0)
    if longest >= len(mark):
        wide = mark[0] * (longest + 1)
        lines[start] = lines[start].replace(mark, wide, 1)
        lines[end] = lines[end].replace(lines[end].strip(" \t"), wide, 1)


def _expand_indent(lines: list[str], start: int, end: int, columns: int) -> None:
    """Write the first `columns` columns of indentation as spaces; what follows them stays."""
    for number in range(start, end):
        lines[number] = " " * columns + remove_indent(lines[number], columns)


def remove_indent(line: str, columns: int) -> str:
    """Return the line without up to `columns` columns of indentation.

    A tab reaches to the next multiple of four; one that is removed in part becomes spaces.
    """
    column = index = 0
    while index < len(line) and line[index] in " \t" and column < columns:
        column += 4 - column % 4 if line[index] == "\t" else 1
        index += 1
    return " " * (column - columns) + line[index:]
