"""Render an open fenced code block at top level; its text only grows, so no parsing is needed."""

import re
from html import escape, unescape

from chat.rendering.markdown import code, mathml
from chat.rendering.markdown.fences import FenceNesting, remove_indent

_OPENING = re.compile(r"(?:[ \t]*\n)*( {0,3})(?:(`{3,})([^`\n]*)|(~{3,})([^\n]*))(\n|\Z)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def match_opening(source: str) -> re.Match[str] | None:
    """Match the opening line of a block that begins with a fence; group 6 is "" if unfinished."""
    return _OPENING.match(source)


class Fence:
    """A code block that is being written; feed it the source after its opening line."""

    def __init__(self, match: re.Match[str]) -> None:
        mark = match[2] or match[4]
        self._indent = len(match[1])
        self._info = unescape(_ESCAPED.sub(r"\1", match[3] or match[5] or "")).strip()
        self._nesting = FenceNesting(mark, self._info)
        self._closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*")
        self._maybe_closing = re.compile(rf" {{0,3}}{re.escape(mark[0])}*[ \t]*")
        self._text: list[str] = []
        self._html = [code.opening_html(self._info)]
        self._line = ""

    def feed(self, piece: str) -> str | None:
        """Add source; return the source after the closing line, or None if there is none yet."""
        *lines, rest = (self._line + piece).split("\n")
        for number, line in enumerate(lines):
            if self._nesting.closes(line):
                self._line = ""
                return "\n".join([*lines[number + 1 :], rest])
            self._add(line + "\n")
        self._line = rest
        return None

    def _add(self, line: str) -> None:
        line = remove_indent(line, self._indent)
        self._text.append(line)
        self._html.append(escape(line, quote=False))

    @property
    def html(self) -> str:
        """Return the block so far, plain; highlighted if the last line may be the closing one."""
        if not self._nesting.depth and self._closing.fullmatch(self._line):
            return self.finish()
        line = "" if self._maybe_closing.fullmatch(self._line) else self._line
        return (
            "".join(self._html)
            + escape(remove_indent(line, self._indent), quote=False)
            + code.CLOSING_HTML
        )

    def finish(self) -> str:
        """Return the final HTML: highlighted code, or the formula of a math fence."""
        self._html = ["".join(self._html)]
        text = "".join(self._text)
        if self._info.split(maxsplit=1)[:1] == ["math"]:
            return f'<div class="math">{mathml.render_formula(text, display=True)}</div>'
        return code.code_block(self._info, text, highlighted=True)
