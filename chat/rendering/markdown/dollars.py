"""Find the formulas between dollar signs, and hide the dollar signs that are prose.

`$` also begins prices, shell variables and names. A formula begins after a blank, a bracket or
other punctuation, ends before no letter or digit, and has the look of mathematics inside. comrak
takes more than that for formulas, so it gets to see only the dollar signs of formulas.
"""

import re
from collections.abc import Iterator, Sequence

from chat.rendering.markdown.backticks import Backticks
from chat.rendering.markdown.code_lines import count_quotes
from chat.rendering.markdown.prose import has_latex, has_relation, is_prose, is_word

# Stands for a dollar sign that is prose: a character of the same kind, because next to emphasis it
# counts whether a character is a symbol. `ITSELF` stands for the character itself.
DOLLAR = "\u20a0"
# Noncharacters, see `source`.
ITSELF = "\ufdd4"
GLUE = "\ufdd5"

MAX_LENGTH = 4_000
"""Maximum characters between the dollar signs of a formula."""
MAX_NESTED = 2
"""Maximum pairs of dollar signs inside the braces of a formula, as in ``\\text{if $x$}``."""

_TOKEN = re.compile(r"\\.|`+|\$+", re.S)
_NEXT = re.compile(r"\\.|\$+", re.S)
# The beginning of another block, whose text is apart from that of the line before.
_BLOCK = re.compile(r"[ \t>]*(?:$|\||#{1,6}[ \t]|(?:[-+*]|\d{1,9}[.)])[ \t])")
# Letters that may touch a formula: of scripts without spaces, or with prefixes and suffixes.
_UNSPACED = re.compile(
    r"(?!\d)[\u0590-\u0e7f\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_SUFFIX = re.compile(
    r"(?:st|nd|rd|th|ths|s|te[nrs]?|ter?|ième|ème|esim[oa])(?![^\W_])|(?:[nrt]|te|th)\Z"
)
_BAD_START = re.compile(r"[)\]},;:!?./*&%](?!\Z)|[)\]},;:!?.&%]\Z|\|\s|\{(?!\})")
_BAD_END = re.compile(r"(?:[(\[{/&]|(?<![\^_])[-*:])\Z")
# A variable, a list of them, or something in bars.
_CLEAR = re.compile(r"-?[^\W\d_](?:,[ ]?[^\W\d_])*|\|[^|]+\|")
_OPERATOR = re.compile(r"[-+*/=<>|]")
# A shell variable or a call of jQuery.
_VARIABLE = re.compile(r"[A-Za-z]\w{3,}(?:[^\w^{(=\\ ]|[ ]\w)|\(['\"]")
# The second price of `$5~$10`.
_RANGE = re.compile(r"\d[~\uff5e\u2013]\$\d")
_BRACE = re.compile(r"\\.|[{}]", re.S)


def mark_prose(source: str, in_code: Sequence[bool]) -> str:
    """Return the source with `DOLLAR` for each dollar sign that belongs to no formula.

    Blanks at the ends of a formula are kept from the parser by `GLUE`. `in_code` tells for each
    line whether it is in fenced code. `convert.to_html` undoes both, wherever they are.
    """
    source = source.replace(DOLLAR, ITSELF)
    if "$" not in source:
        return source
    return "".join(_mark_text(text) if "$" in text else text for text in _texts(source, in_code))


def _texts(source: str, in_code: Sequence[bool]) -> Iterator[str]:
    """Yield the source in parts, each within one block, or a line of code."""
    part: list[str] = []
    quotes = 0
    for line, is_code in zip(source.split("\n"), in_code, strict=True):
        outer, quotes = quotes, count_quotes(line)
        if part and (is_code or quotes > outer or _BLOCK.match(line)):
            yield "\n".join([*part, ""])
            part.clear()
        part.append(line)
    yield "\n".join(part)


def _mark_text(text: str) -> str:
    parts: list[str] = []
    end = 0
    for start, stop in find_formulas(text):
        width = 2 if text.startswith("$$", start) else 1
        content = text[start + width : stop - width]
        mark = text[start : start + width]
        parts += text[end:start].replace("$", DOLLAR), mark, _glue(content), mark
        end = stop
    parts.append(text[end:].replace("$", DOLLAR))
    return "".join(parts)


def _glue(content: str) -> str:
    content = content.replace("$", DOLLAR)
    before = GLUE if content[:1].isspace() else ""
    after = GLUE if content[-1:].isspace() else ""
    return f"{before}{content}{after}"


def find_formulas(text: str) -> list[tuple[int, int]]:
    """Return start and end of each formula between dollar signs in the text of one block."""
    backticks = Backticks(text)
    formulas: list[tuple[int, int]] = []
    position = 0
    while token := _TOKEN.search(text, position):
        stop = None
        if token[0][0] == "`":
            stop = backticks.find_end(token)
        elif token[0][0] == "$":
            stop = find_end(text, token.start())
            if stop is not None:
                formulas.append((token.start(), stop))
        position = token.end() if stop is None else stop
    return formulas


def find_end(text: str, start: int) -> int | None:
    """Return the end of the formula that begins with the dollar sign(s) at `start`, if any."""
    width = 1
    while text.startswith("$", start + width):
        width += 1
    if width > 2 or not _may_open(text, start, width):
        return None
    for stop in _closings(text, start + width, width):
        content = text[start + width : stop]
        if _is_balanced(content):
            is_formula = _is_formula(text, start, content, stop + width, width)
            return stop + width if is_formula else None
    return None


def has_open(text: str) -> bool:
    """Return whether a dollar sign in the text of one block may still begin a formula."""
    position = 0
    for start, stop in [*find_formulas(text), (len(text), len(text))]:
        prose = range(position, start)
        if any(text[at] == "$" and text[at - 1 : at] != "$" and is_open(text, at) for at in prose):
            return True
        position = stop
    return False


def is_open(text: str, start: int) -> bool:
    """Return whether the dollar sign(s) at `start` may still become the beginning of a formula.

    That is so if no mark that may close it follows, or if one does at the very end.
    """
    width = 2 if text.startswith("$$", start) else 1
    content = text[start + width :]
    if not _may_open(text, start, width) or "\n\n" in content:
        return False
    for stop in _closings(text, start + width, width):
        if _is_balanced(text[start + width : stop]) and stop + width < len(text):
            return False
    content = content.rstrip("$").replace(GLUE, "")
    if width == 1 and content[:1].isspace() and _follows_amount(text, start):
        return False
    return not (
        _BAD_START.match(content.strip() + " ")
        or _VARIABLE.match(content)
        or is_prose(content, is_complete=False)
    )


def _closings(text: str, start: int, width: int) -> Iterator[int]:
    """Yield the offsets of the marks that may close a formula: a few, if marks nest in braces."""
    tried = 0
    for token in _NEXT.finditer(text, start, start + MAX_LENGTH + width):
        if token[0][0] == "$" and (len(token[0]) == width or (width == 1 and len(token[0]) == 2)):
            yield token.start()
            tried += 1
            if tried > 2 * MAX_NESTED:
                return


def _is_balanced(content: str) -> bool:
    depth = 0
    for brace in _BRACE.finditer(content):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if depth < 0:
            return True  # the mark is not inside of an argument
    return depth == 0


def _may_open(text: str, start: int, width: int) -> bool:
    before = text[start - 1 : start]
    if width == 2 or not before:
        return True
    if _RANGE.match(text, max(0, start - 2)):
        return False
    return before != "\\" and (_UNSPACED.match(before) is not None or not _is_operand(before))


def _is_operand(character: str) -> bool:
    return character.isalnum() or character in ")]}%€£^@#"


def _is_formula(text: str, start: int, content: str, end: int, width: int) -> bool:
    content = content.replace(GLUE, "")
    inner = content.strip()
    if not inner or (_BAD_START.match(inner) and not has_latex(inner)):
        return False
    if is_prose(content) or not _may_close(text, inner, end):
        return False
    if width == 2:
        return _is_display(text, start, inner)
    if has_latex(inner):
        return True
    if _BAD_END.search(inner) and len(inner) > 1:
        return False
    if is_word(inner):
        return False
    blanks = content[0].isspace() + content[-1].isspace()
    if blanks:
        return blanks == 2 and _is_clear(inner) and not _follows_amount(text, start)
    return True


def _may_close(text: str, inner: str, end: int) -> bool:
    after = text[end : end + 1]
    if after in "({":
        return not after or has_latex(inner)
    if after.isalnum() and not _UNSPACED.match(after):
        is_short = len(inner) == 1 or has_latex(inner)
        return is_short and _SUFFIX.match(text, end) is not None
    return True


def _is_display(text: str, start: int, inner: str) -> bool:
    if has_latex(inner):
        return True
    if text[start - 1 : start].isalnum() and start and not _UNSPACED.match(text[start - 1]):
        return False
    return has_relation(inner) or not is_word(inner)


def _is_clear(inner: str) -> bool:
    """Return whether a text with blanks around it can hardly be anything but a formula."""
    if _CLEAR.fullmatch(inner):
        return True
    if _OPERATOR.match(inner) or _OPERATOR.match(inner[-1]) or inner[-1] in ",;:":
        return False
    has_letter = any(character.isalpha() for character in inner)
    return has_letter and (
        has_relation(inner) or _OPERATOR.search(inner) is not None or "(" in inner
    )


def _follows_amount(text: str, start: int) -> bool:
    """Return whether the dollar sign may stand behind an amount, as in "5 $"."""
    before = text[max(0, start - 8) : start].rstrip(" \u00a0\u202f")
    return before[-1:].isdigit()
