"""Serialise the library's tree of a formula as MathML that browsers draw."""

import re
from collections.abc import Callable
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.symbols_parser import convert_symbol

from chat.rendering.markdown.latex import (
    LINE_ABOVE,
    LINE_AFTER,
    LINE_BEFORE,
    NotUnderstoodError,
)
from chat.rendering.markdown.math_letters import to_variant

MAX_DEPTH = 60
"""Maximum nesting of elements in a formula. Browsers stop at 512 in a page."""

_ELEMENT_NAMES = """
math mrow mi mn mo ms mtext mspace mstyle mphantom mpadded mfrac msqrt mroot msup msub msubsup mover
munder munderover mtable mtr mtd
"""
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTE_NAMES = """
accent accentunder depth displaystyle fence form height largeop linethickness lspace mathsize
mathvariant maxsize minsize movablelimits rspace scriptlevel separator stretchy width
"""
ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
# How it looks only, or turned into classes.
_WITHOUT_EFFECT = frozenset({"columnspacing", "rowspacing", "columnlines", "columnalign", "xmlns"})
_NOTATIONS = {
    "box": "math-box",
    "updiagonalstrike": "math-cancel",
    "downdiagonalstrike": "math-bcancel",
    "updiagonalstrike downdiagonalstrike": "math-xcancel",
    "horizontalstrike": "math-sout",
}
_COLOURS = {
    **{name: f"math-{name}" for name in ("red", "blue", "green", "orange", "purple", "gray")},
    "grey": "math-gray",
    "violet": "math-purple",
    "magenta": "math-purple",
    "black": "",
}
_TEXT_STYLES = {
    "bold": "math-bold",
    "italic": "math-italic",
    "monospace": "math-mono",
    "sans-serif": "",
    "normal": "",
}
CLASSES = frozenset(
    name
    for name in (
        *_NOTATIONS.values(), *_COLOURS.values(), *_TEXT_STYLES.values(),
        "math-rows", "math-left", "math-right", "math-line", "math-above", "math-below",
        "math-before", "math-after",
    )
    if name
)  # fmt: skip

_CHILDREN = {
    "mfrac": 2, "mroot": 2, "msup": 2, "msub": 2, "mover": 2, "munder": 2, "msubsup": 3,
    "munderover": 3,
}  # fmt: skip
_TOKENS = frozenset({"mi", "mn", "mo", "ms", "mtext"})
_LENGTH = re.compile(r"\d{0,3}(?:\.\d{1,4})?(?:em|ex|pt|px|cm|mm|in|pc)?")
_MU = re.compile(r"(\d{1,3}(?:\.\d+)?)mu")
_SPACES = {
    "thinmathspace": "0.167em", "mediummathspace": "0.222em", "thickmathspace": "0.278em",
}  # fmt: skip
_NEGATIVE = re.compile(r"-[\d.]+[a-z]{2}|negative[a-z]+")
_WORD = re.compile(r"[a-z-]+|\d")
_SPACE = "\t\n\r "
_ESCAPED = re.compile(r"\\([%$&#_{} ])")
_STRAY = ("&", "{", "}")  # those that are meant are character references
_LINES = (LINE_ABOVE, LINE_BEFORE, LINE_AFTER)
_ACCENTED = {"mover": "accent", "munder": "accentunder"}
_WITH_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_LIMITS = frozenset(["lim", "max", "min", "sup", "inf"])
_BIG_OPERATORS = frozenset("∏∐∑⋀⋁⋂⋃⨀⨁⨂⨄⨅⨆")
_ACCENTS = frozenset("´¯˘ˇ˙¨`^~→←↔˚\u20db\u20dc\u2015")


def serialise(math: Element) -> str:
    """Return what is inside the library's `math` element as MathML.

    Raises NotUnderstoodError if anything in it would not be drawn as it was meant.
    """
    return "".join(_element(child, 1) for child in math)


def _element(element: Element, depth: int, *names: str) -> str:
    """Return an element with these classes; `depth` is the number of elements around it."""
    if depth > MAX_DEPTH:
        raise NotUnderstoodError
    write = _WRITERS.get(element.tag, _write_plain)
    return write(element, depth, *names)


def _write(name: str, attributes: dict[str, str], content: str, *names: str) -> str:
    classes = " ".join(filter(None, names))
    written = f' class="{classes}"' if classes else ""
    written += "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{written}>{content}</{name}>"


def _children(element: Element, depth: int) -> str:
    parts: list[str] = []
    strikes = False
    for child in element:
        if child.tag == "mpadded" and "".join(child.itertext()) == "&#x029F8;":
            strikes = True
            continue
        parts.append(_element(_negated(child) if strikes else child, depth + 1))
        strikes = False
    if strikes:
        raise NotUnderstoodError
    return "".join(parts)


def _negated(element: Element) -> Element:
    if element.tag not in ("mo", "mi") or len(element) or not element.text:
        raise NotUnderstoodError
    negated = Element(element.tag, element.attrib)
    negated.text = element.text + "\u0338"
    return negated


def _write_plain(element: Element, depth: int, *names: str) -> str:
    if element.tag in _WITH_LIMITS:
        _join_base(element)
    if element.tag not in ELEMENTS or len(element) != _CHILDREN.get(element.tag, len(element)):
        raise NotUnderstoodError
    attributes = _attributes(element)
    if element.tag in _ACCENTED and unescape(element[1].text or "") in _ACCENTS:
        attributes[_ACCENTED[element.tag]] = "true"
    name = element.tag
    if name in _WITH_LIMITS and _has_limits(element[0]):
        name = _WITH_LIMITS[name]
        element[0].set("movablelimits", "true")
    return _write(name, attributes, _children(element, depth), *names)


def _join_base(element: Element) -> None:
    """Put the base of a script into a row: the library adds brackets of a matrix one by one."""
    parts = list(element)
    count = len(parts) - _CHILDREN[element.tag] + 1
    if count > 1:
        row = Element("mrow")
        row.extend(parts[:count])
        element[:count] = [row]


def _has_limits(base: Element) -> bool:
    """Return whether what is above and below this operator stands there in a display formula."""
    text = base.text or ""
    return base.tag == "mo" and (
        base.get("movablelimits") == "true" or text in _LIMITS or unescape(text) in _BIG_OPERATORS
    )


def _attributes(element: Element) -> dict[str, str]:
    attributes: dict[str, str] = {}
    for name, value in element.attrib.items():
        if name in _WITHOUT_EFFECT:
            continue
        value = _length(value)
        if name not in ATTRIBUTES or not (_WORD.fullmatch(value) or _LENGTH.fullmatch(value)):
            raise NotUnderstoodError
        attributes[name] = value
    return attributes


def _length(value: str) -> str:
    value = _SPACES.get(value, value)
    units = _MU.fullmatch(value)  # 18 of them are 1 em
    return f"{float(units[1]) / 18:.3f}em" if units else value


def _write_row(element: Element, depth: int, *names: str) -> str:
    if len(element) == 1 and not names and not element.attrib:
        return _element(element[0], depth)
    return _write("mrow", _attributes(element), _children(element, depth), *names)


def _write_style(element: Element, depth: int, *names: str) -> str:
    colour = element.attrib.pop("mathcolor", None)
    if colour is not None:
        if colour not in _COLOURS:
            raise NotUnderstoodError
        names = (*names, _COLOURS[colour])
    return _write("mstyle", _attributes(element), _children(element, depth), *names)


def _write_enclosed(element: Element, depth: int, *names: str) -> str:
    return _write(
        "mrow", {}, _children(element, depth), *names, _NOTATIONS[element.get("notation", "")]
    )


def _write_padded(element: Element, depth: int, *names: str) -> str:
    """Write a box; that of the label of an arrow, which is given in increments, as a row."""
    if element.get("voffset") == "-.2em" and element.get("lspace") == "0.556em":
        space = '<mspace width="0.4em"></mspace>'
        return f"<mrow>{space}{_element(element[0], depth + 1)}{space}</mrow>"
    return _write("mpadded", _attributes(element), _children(element, depth), *names)


def _write_space(element: Element, depth: int, *names: str) -> str:
    if all(_NEGATIVE.fullmatch(value) for value in element.attrib.values()):
        return ""  # no browser draws it, and the formula reads the same
    return _write("mspace", _attributes(element), "")


def _write_token(element: Element, depth: int, *names: str) -> str:
    if len(element):  # \mathop{...} and the like
        return _write("mrow", {}, _children(element, depth), *names)
    attributes = _attributes(element)
    variant = attributes.pop("mathvariant", "")
    text = _symbol(unescape(element.text or "").strip(_SPACE))
    if text in _LINES:
        return ""
    if element.tag == "mtext":
        text = _ESCAPED.sub(r"\1", _with_blanks(text)).replace("~", "\u00a0")
        names = (*names, _TEXT_STYLES[variant] if variant else "")
    elif variant == "normal" and element.tag == "mi" and len(text) == 1:
        attributes["mathvariant"] = "normal"
    elif variant and variant != "normal":
        text = _in_variant(text, variant)
    if "\\" in text or text.startswith("&#") or element.text in _STRAY:
        raise NotUnderstoodError
    return _write(element.tag, attributes, escape(text, quote=False), *names)


def _with_blanks(text: str) -> str:
    """Return the text with blanks, which the library makes unbreakable, but for the outer ones."""
    return text[:1] + text[1:-1].replace("\u00a0", " ") + text[1:][-1:]


def _symbol(text: str) -> str:
    """Return the sign that the library's own table has for a command it left as it was."""
    if not text.startswith("\\") or len(text) < 2:
        return text
    number = convert_symbol(text)
    return chr(int(number, 16)) if number else text


def _in_variant(text: str, variant: str) -> str:
    changed = to_variant(text, variant)
    if changed is None:
        raise NotUnderstoodError
    return changed


def _write_table(element: Element, depth: int, *names: str) -> str:
    marks = "".join(element.itertext())
    lines = element.get("columnlines", "").split()
    rows = list(element)
    is_ruled_below = bool(rows) and "".join(rows[-1].itertext()).strip() == LINE_ABOVE
    if is_ruled_below:
        rows.pop()
    content = ""
    for number, row in enumerate(rows):
        is_last = is_ruled_below and number == len(rows) - 1
        content += _table_row(row, depth + 1, lines, "math-below" if is_last else "")
    if element.get("columnspacing", "").startswith("0em"):
        names = (*names, "math-rows")
    first = "".join(rows[0].itertext()) if rows else marks
    names = (*names, "math-before" if LINE_BEFORE in first else "")
    names = (*names, "math-after" if LINE_AFTER in first else "")
    element.attrib.pop("rowlines", None)
    return _write("mtable", _attributes(element), content, *names)


def _table_row(row: Element, depth: int, lines: list[str], *names: str) -> str:
    if row.tag != "mtr":
        raise NotUnderstoodError
    if LINE_ABOVE in "".join(text for cell in list(row)[:1] for text in cell.itertext()):
        names = (*names, "math-above")
    cells = ""
    for column, cell in enumerate(row):
        side = {"left": "math-left", "right": "math-right"}.get(cell.get("columnalign", ""), "")
        is_ruled = 0 < column <= len(lines) and lines[column - 1] != "none"
        content = _children(cell, depth + 1)
        cells += _write("mtd", {}, content, side, "math-line" if is_ruled else "")
    return _write("mtr", {}, cells, *names)


_WRITERS: dict[str, Callable[..., str]] = {
    "mrow": _write_row,
    "mstyle": _write_style,
    "menclose": _write_enclosed,
    "mpadded": _write_padded,
    "mspace": _write_space,
    "mtable": _write_table,
    **dict.fromkeys(_TOKENS, _write_token),
}
