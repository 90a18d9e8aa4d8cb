"""Tell which lines of a Markdown text are fenced code, in quotes and list items too.

The containers of each line are followed as in
https://spec.commonmark.org/0.31.2/#phase-1-block-structure, because a fence ends with the quote or
the item that it is in.
"""

import re

# The beginning of a line that may open a container, a fence or a title; all others are text.
_CANDIDATE = re.compile(r"[ \t]*(?:[>`~+*#-]|\d|\[\^)")
_QUOTE = re.compile(r" {0,3}> ?")
_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])(?: {1,4}(?=[^ ])|(?= |$))")
_NOTE = re.compile(r" {0,3}\[\^[^\]]{1,100}\]:[ ]*")
_RULE = re.compile(r" {0,3}(?:(?:\*[ ]*+){3,}|(?:-[ ]*+){3,})$")
_FENCE = re.compile(r" {0,3}(?:(`{3,})([^`]*)|(~{3,})(.*))")
_PREFIX = re.compile(r"(?:[ \t>]|(?:[-+*]|\d{1,9}[.)])[ \t])*+")
_QUOTED = 0  # the indent of a container that is a quote
_NOTE_INDENT = 4
_MAX_DEPTH = 20  # as `source.MAX_MARKERS`


def count_quotes(line: str) -> int:
    """Return how many quotes the line begins in; a higher number than before begins a block."""
    prefix = _PREFIX.match(line)
    return prefix[0].count(">") if prefix else 0


def code_lines(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to fenced code, its opening line included."""
    fences = _Fences()
    return [fences.add(line) for line in lines]


def open_fence(lines: list[str]) -> bool:
    """Return whether the last line is inside a fenced code block that is not closed."""
    fences = _Fences()
    for line in lines:
        fences.add(line)
    return bool(fences.mark)


class _Fences:
    """Follows the containers and the fence that are open, line by line.

    `mark` is the mark of the open fence, or "". A container is the number of columns that its
    lines are indented by, or `_QUOTED`.
    """

    def __init__(self) -> None:
        self.mark = ""
        self._containers: list[int] = []
        self._is_text = False  # whether the line before was text, which a lazy line continues

    def add(self, line: str) -> bool:
        """Add a line; return whether it belongs to fenced code."""
        if not self._containers and not _CANDIDATE.match(line):
            self._is_text = not self.mark and bool(line) and not line.isspace()
            return bool(self.mark)
        line = line.expandtabs(4)
        depth, start = self._match_containers(line)
        if depth < len(self._containers):
            if not self.mark and self._is_lazy(line[start:]):
                return False
            self.mark = ""
            del self._containers[depth:]
        return self._close(line[start:]) if self.mark else self._open(line, start)

    def _match_containers(self, line: str) -> tuple[int, int]:
        """Return how many containers the line continues, and where its content begins."""
        start = 0
        for depth, columns in enumerate(self._containers):
            if columns == _QUOTED:
                quote = _QUOTE.match(line, start)
                if quote is None:
                    return depth, start
                start = quote.end()
            elif line.startswith(" " * columns, start):
                start += columns
            elif line[start:].strip():
                return depth, start
        return len(self._containers), start

    def _is_lazy(self, rest: str) -> bool:
        return self._is_text and bool(rest.strip()) and not _CANDIDATE.match(rest)

    def _close(self, rest: str) -> bool:
        fence = _FENCE.fullmatch(rest)
        if fence:
            mark, info = fence[1] or fence[3], fence[2] or fence[4] or ""
            if mark.startswith(self.mark) and not info.strip():
                self.mark = ""
        self._is_text = False
        return True

    def _open(self, line: str, start: int) -> bool:
        while len(self._containers) < _MAX_DEPTH and not _RULE.match(line, start):
            container = _QUOTE.match(line, start) or _ITEM.match(line, start)
            container = container or _NOTE.match(line, start)
            if container is None:
                break
            self._containers.append(_indent_in(container))
            start = container.end()
        fence = _FENCE.fullmatch(line, start)
        self.mark = (fence[1] or fence[3]) if fence else ""
        self._is_text = not fence and bool(line[start:].strip())
        return bool(self.mark)


def _indent_in(opening: re.Match[str]) -> int:
    """Return the columns that the lines in this container are indented by, or `_QUOTED`."""
    if opening.re is _QUOTE:
        return _QUOTED
    if opening.re is _NOTE:
        return _NOTE_INDENT
    return len(opening[0]) + (not opening[0].endswith(" "))
