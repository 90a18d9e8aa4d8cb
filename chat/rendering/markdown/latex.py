"""Rewrite LaTeX for latex2mathml, and refuse what it would show wrong.

The library leaves out or spells out what it does not know. Here are the names that it lacks, and
the commands that it knows and yet shows in part.
"""

import re

# Noncharacters (see `source`) that mark lines of a table: above this row, left of it, right of it.
LINE_ABOVE = "\ufdd6"
LINE_BEFORE = "\ufdd7"
LINE_AFTER = "\ufdd8"


class NotUnderstoodError(Exception):
    """Raised for LaTeX that cannot be shown in full."""


# Numbers of equations, definitions of commands, links, foreign attributes, boxes that are moved or
# coloured, and what the library takes apart wrongly.
_REFUSED = re.compile(
    r"\\(?:tag|href|url|class|style|unicode|verb|cssId|htmlClass"
    r"|[gex]?def|let|(?:re)?newcommand|newenvironment|DeclareMathOperator"
    r"|raise|lower|moveleft|moveright|shoveleft|shoveright|rule|f?colorbox|genfrac|mathchoice"
    r"|above|abovewithdelims|atopwithdelims|skew|leftroot|uproot|hfil)(?![A-Za-z])"
)
_COMMAND = re.compile(r"\\([A-Za-z]+)(?![A-Za-z])")
_ALIASES = {
    "R": r"\mathbb{R}",
    "N": r"\mathbb{N}",
    "Z": r"\mathbb{Z}",
    "Q": r"\mathbb{Q}",
    "C": r"\mathbb{C}",
    "arg": r"\operatorname{arg}",
    "bold": r"\mathbf",
    "colonequals": r"\coloneqq",
    "copyright": "©",
    "dag": r"\dagger",
    "displaylimits": "",
    "hdots": r"\dots",
    "mathbbm": r"\mathbb",
    "mathds": r"\mathbb",
    "nonumber": "",
    "notag": "",
    "overarc": r"\overparen",
    "symbf": r"\mathbf",
    "textdegree": "°",
    "vcentcolon": ":",
    "wideparen": r"\overparen",
}
# They print nothing.
_SILENT = re.compile(r"\\(?:label|require)\s*\{[^{}\\]*\}")
# A comment of LaTeX ends with the line; behind a number, and in a single line, it is per cent.
_PERCENT = re.compile(r"(?<!\\)((?:\\\\)*)(?<=\d)\s?%|(?<!\\)((?:\\\\)*)%(?!.*\n)")
_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*")
_NAME = re.compile(r"\\operatorname(\*?)\s*\{([^{}]*)\}")
_TEXT = re.compile(
    r"\\(text(?:bf|it|md|normal|rm|sf|tt|up)?|mbox|hbox|fbox|emph)\s*"
    r"\{((?:[^{}\\]|\\.|\{(?:[^{}\\]|\\.)*\})*)\}",
    re.S,
)
# The library takes a single letter in braces for a symbol, which is then italic.
_ROMAN = re.compile(r"\\mathrm\s*\{([A-Za-z])\}")
_NESTED = re.compile(r"(?<!\\)\$((?:[^$\\]|\\.)*)\$", re.S)
_DOLLAR = re.compile(r"(?<!\\)\$")
_BRACE = re.compile(r"\\.|[{}]", re.S)

_ENVIRONMENT = re.compile(r"\\(begin|end)\s*\{([A-Za-z]+\*?)\}(?:\s*\[[tcb]\])?")
_ALIGN = (r"\begin{align*}", r"\end{align*}")
_LINES = (r"\begin{displaylines}", r"\end{displaylines}")
_TABLE_NAMES = "array cases matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix"
_ENVIRONMENTS = {
    **dict.fromkeys(["align", "aligned", "alignat", "alignedat", "flalign", "split"], _ALIGN),
    **dict.fromkeys(["gather", "gathered"], _LINES),
    **dict.fromkeys(["equation", "displaymath", "multline", "multlined", "math"], ("", "")),
    "eqnarray": (r"\begin{array}{rcl}", r"\end{array}"),
    "dcases": (r"\begin{cases}", r"\end{cases}"),
    "rcases": (r"\left.\begin{array}{ll}", r"\end{array}\right\}"),
    **{name: (rf"\begin{{{name}}}", rf"\end{{{name}}}") for name in _TABLE_NAMES.split()},
}
_ROW_SPACE = re.compile(r"\\\\(?:\*|[ ]?\[\s*-?[\d.]+\s*[a-z]{2}\s*\])+")
_COUNTED = re.compile(r"(\\begin\s*\{align(?:ed)?at\*?\})\s*\{\d+\}")
_COLUMNS = re.compile(r"(\\begin\{array\})\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_TOP_LEVEL = re.compile(r"\\(?:begin|end)(?![A-Za-z])|\\\\|\\.|[{}&]", re.S)


def prepare_latex(latex: str) -> str:
    """Return LaTeX that the library converts in full, as far as its text tells.

    Raises NotUnderstoodError for commands and environments that it would show in part or not at
    all.
    """
    latex = strip_comments(latex)
    if _REFUSED.search(latex) or not _is_balanced(latex):
        raise NotUnderstoodError
    if "\\" not in latex and "&" not in latex:
        return latex
    latex = _ROW_SPACE.sub(r"\\\\", _SILENT.sub("", latex))
    latex = _NAME.sub(_operator_name, latex)
    latex = _TEXT.sub(_plain_text, latex)
    latex = _ROMAN.sub(r"\\mathrm{{\1}}", latex)
    latex = _COMMAND.sub(lambda match: _alias(match[1], match[0]), latex)
    latex = _ENVIRONMENT.sub(_environment, _COUNTED.sub(r"\1", latex))
    latex = _COLUMNS.sub(_columns, latex)
    latex = re.sub(r"\\hd?(?:ash)?line(?![A-Za-z])", LINE_ABOVE, latex)
    return _in_lines(latex)


def strip_comments(latex: str) -> str:
    """Return the LaTeX without comments; a per cent sign that means itself is escaped."""
    if "%" not in latex:
        return latex
    latex = _PERCENT.sub(r"\1\2\\%", latex)
    return _COMMENT.sub(r"\1", latex)


def _is_balanced(latex: str) -> bool:
    depth = 0
    for brace in _BRACE.finditer(latex):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth < 0:
            return False
    return depth == 0


def _alias(name: str, command: str) -> str:
    alias = _ALIASES.get(name)
    return command if alias is None else f"{alias} " if alias[-1:].isalpha() else alias


def _operator_name(match: re.Match[str]) -> str:
    name = re.sub(r"\\[,;:! ]|~", " ", match[2]).strip()
    if not re.fullmatch(r"[A-Za-z -]+", name):
        raise NotUnderstoodError
    return rf"\operatorname{match[1]}{{{name}}}"


def _plain_text(match: re.Match[str]) -> str:
    r"""Return the text without braces, and what is in dollar signs as part of the formula."""
    text = _NESTED.sub(rf"}}{{\1}}\\{match[1]}{{", match[2])
    if text == match[2] and _DOLLAR.search(text):
        raise NotUnderstoodError
    if text == match[2] and re.search(r"(?<!\\)[{}]", text):
        if "\\" in text:
            raise NotUnderstoodError
        text = text.replace("{", "").replace("}", "")
    return rf"\{match[1]}{{{text}}}"


def _environment(match: re.Match[str]) -> str:
    replacement = _ENVIRONMENTS.get(match[2].removesuffix("*"))
    if not replacement or (match[2][-1] == "*" and "matrix" in match[2]):
        raise NotUnderstoodError
    return replacement[match[1] == "end"]


def _columns(match: re.Match[str]) -> str:
    """Return the beginning of an array with inner lines only, and marks for the outer ones."""
    columns = re.sub(r"[@!]\{[^{}]*\}|\s", "", match[2])
    columns = re.sub(r"\|+", "|", columns)
    if not re.fullmatch(r"\|?[lcr](?:\|?[lcr])*\|?", columns):
        raise NotUnderstoodError
    before = LINE_BEFORE if columns[0] == "|" else ""
    after = LINE_AFTER if columns[-1] == "|" else ""
    return f"{match[1]}{{{columns.strip('|')}}}{before}{after}"


def _in_lines(latex: str) -> str:
    """Return LaTeX in which line breaks outside of any environment are rows of one."""
    depth = 0
    has_break = has_column = False
    for token in _TOP_LEVEL.finditer(latex):
        if token[0] == "\\begin" or token[0] == "{":
            depth += 1
        elif token[0] == "\\end" or token[0] == "}":
            depth -= 1
        elif depth == 0 and token[0] == "\\\\":
            has_break = True
        elif depth == 0 and token[0] == "&":
            has_column = True
    if not has_break and not has_column:
        return latex
    begin, end = _ALIGN if has_column else _LINES
    return f"{begin}{latex}{end}"
