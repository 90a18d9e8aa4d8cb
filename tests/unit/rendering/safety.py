"""What finished HTML may hold, written down apart from the code that makes it."""

import re
from urllib.parse import unquote

from tests.support.dom import Element, parse

_MATH_NAMES = """
math mrow mi mn mo ms mtext mspace mstyle mphantom mpadded mfrac msqrt mroot msup msub msubsup mover
munder munderover mtable mtr mtd
"""
MATH = set(_MATH_NAMES.split())
_PROSE_NAMES = """
a bdi blockquote br button code del div em h1 h2 h3 h4 h5 h6 hr input kbd li ol p pre section span
strong sub sup table tbody td th thead tr ul
"""
PROSE = set(_PROSE_NAMES.split())
CLASSES = {
    "code-block",
    "code-head",
    "code-lang",
    "code-copy",
    "table-wrap",
    "math",
    "math-source",
    "plain",
    "footnotes",
    "footnote-ref",
    "footnote-backref",
    "picture",
    "markdown-alert",
    "markdown-alert-title",
    "markdown-alert-note",
    "markdown-alert-tip",
    "markdown-alert-warning",
    "markdown-alert-important",
    "markdown-alert-caution",
    "c",
    "k",
    "nc",
    "m",
    "s",
    "na",
    "nb",
    "nf",
    "nt",
    "gd",
    "gi",
}
BUTTON = {"type": "button", "class": "code-copy", "data-copy": None}
BOXES = [
    {"type": "checkbox", "disabled": None, "aria-label": "To do"},
    {"type": "checkbox", "disabled": None, "checked": None, "aria-label": "Done"},
]
_MATH_ATTRIBUTES_NAMES = """
accent accentunder depth displaystyle fence form height largeop linethickness lspace mathsize
mathvariant maxsize minsize movablelimits rspace scriptlevel separator stretchy width
"""
MATH_ATTRIBUTES = set(_MATH_ATTRIBUTES_NAMES.split())
_MATH_CLASS_NAMES = """
math-box math-cancel math-bcancel math-xcancel math-sout math-red math-blue math-green math-orange
math-purple math-gray math-bold math-italic math-mono math-rows math-left math-right math-line
math-above math-below math-before math-after
"""
MATH_STYLES = {("display", "block"), ("display", "inline")}
MATH_CLASSES = set(_MATH_CLASS_NAMES.split())
# An encoded control character outside of the body of a mail.
INJECTED = re.compile(r"mailto:(?:[^?&]|[?&](?!body=))*%[01]", re.I)
SCHEME = re.compile(r"(?:https?://|mailto:)[^\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\ufeff]+")


def assert_safe(html: str, message_id: str = "ab12") -> Element:
    """Fail unless every element, attribute and address in the HTML is one that we make."""
    tree = parse(html)
    for element in tree.elements():
        assert element.tag in PROSE | MATH, element.tag
        if element.tag == "button":
            assert element.attributes == BUTTON
        elif element.tag == "input":
            assert element.attributes in BOXES
        else:
            for name, value in element.attributes.items():
                _assert_attribute(element.tag, name, value or "", message_id)
    return tree


def _assert_attribute(tag: str, name: str, value: str, message_id: str) -> None:
    own = re.escape(f"m{message_id}-") + r"fn(ref)?-\d+(-\d+)?"
    place = f"{tag} {name}={value!r}"
    if tag == "math":
        assert name == "alttext" or (name, value) in MATH_STYLES, place
    elif tag in MATH and name == "class":
        assert set(value.split()) <= MATH_CLASSES, place
    elif tag in MATH:
        assert name in MATH_ATTRIBUTES, place
        assert re.fullmatch(r"[a-z0-9. -]+", value), place
    elif name == "class":
        for word in value.split():
            assert word in CLASSES or re.fullmatch(r"language-[\w+#.-]{1,32}", word), place
    elif name == "id":
        assert tag in ("a", "li"), place
        assert re.fullmatch(own, value), place
    elif name == "href":
        assert tag == "a", place
        assert SCHEME.fullmatch(value) or re.fullmatch("#" + own, value), place
        assert not INJECTED.match(value), place
        host = re.split("[/?#]", value.partition("//")[2])[0]
        assert SCHEME.fullmatch("https://" + (unquote(host) or "x")), place
    else:
        allowed = {
            "rel": "nofollow noopener noreferrer",
            "target": "_blank",
            "dir": "auto",
            "tabindex": "0",
            "start": r"\d{1,9}",
            "align": "left|center|right",
            "aria-label": r"Back to reference \d+(-\d+)?",
        }
        assert name in allowed, place
        assert re.fullmatch(allowed[name], value), place
