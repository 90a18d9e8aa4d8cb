"""Signs that are syntax to the parser and text to people.

A single tilde means "about" or "to", and never strikes out. A bare `__name__` is an identifier of
Python. They get substitutes while the parser works.
"""

import re

from chat.rendering.markdown.marks import (
    ADDRESS_END,
    ASTERISK,
    BACKSLASH,
    BACKTICK,
    BRACKET,
    ESCAPED,
    TILDE,
    UNDERSCORE,
)

# An escaped tilde is literal already.
_TILDE = re.compile(r"(?<![~\\])((?:\\\\)*+)~(?!~)")
BARE_NAME = re.compile(r"(?<![\w\\])__([a-z][a-z0-9]{0,40})__(?!\w)", re.ASCII)
"""One lower-case word between double underscores."""
OPEN_NAME = re.compile(r"(?<![\w\\])__[a-z][a-z0-9]{0,40}_?\Z", re.ASCII)
"""The same at the end of a text, before it is complete."""

_SIGNS = {TILDE: "~", UNDERSCORE: "_", BACKSLASH: "\\", ASTERISK: "*", BACKTICK: "`", BRACKET: "["}
# A link's address holds the substitutes encoded.
_ADDRESS = re.compile(r'(?<= )(?:href|src)="[^"]*%EF%B7%A[^"]*"')
_CODE = re.compile(r"<(?:code|span data-math)[^>]*>[^<]*")
_ENCODED = {
    "%EF%B7%A1": "~",
    "%EF%B7%A2": "_",
    "%3C%EF%B7%A0": "",
    "%EF%B7%A3": "",
    "%EF%B7%A4": "%5C",
    "%EF%B7%A5": "*",
    "%EF%B7%A6": "",
}


def hide(source: str) -> str:
    """Return Markdown with substitutes for the signs that are text."""
    if "~" in source:
        source = _TILDE.sub(rf"\1{TILDE}", source)
    if "__" in source:
        source = BARE_NAME.sub(rf"{UNDERSCORE * 2}\1{UNDERSCORE * 2}", source)
    return source


def restore(html: str) -> str:
    """Return the parser's HTML with the signs themselves, and without marks in addresses."""
    if "%EF%B7%A" in html:
        html = _ADDRESS.sub(_restore_address, html)
    if ESCAPED in html:
        html = _CODE.sub(lambda code: code[0].replace(f"_{ESCAPED}", "\\_"), html)
    for substitute, sign in _SIGNS.items():
        html = html.replace(substitute, sign)
    return html.replace(ADDRESS_END.replace("<", "&lt;"), "")


def _restore_address(attribute: re.Match[str]) -> str:
    html = attribute[0]
    for encoded, sign in _ENCODED.items():
        html = html.replace(encoded, sign)
    return html
