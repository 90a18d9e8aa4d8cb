"""Signs that are syntax to the parser and text to people.

A single tilde means "about" or "to", and never strikes out. A bare `__name__` is an identifier of
Python. They get substitutes while the parser works.
"""

import re
from urllib.parse import quote

from chat.rendering.markdown.dollars import DOLLAR, ITSELF
from chat.rendering.markdown.marks import (
    ADDRESS_END,
    ASTERISK,
    BACKSLASH,
    BACKTICK,
    BRACKET,
    ESCAPED,
    PERCENT,
    TAG,
    TILDE,
    UNDERSCORE,
)

# An escaped tilde is literal already, and is no part of the run after it.
_TILDE = re.compile(r"(\\.|~{2,})|~", re.S)
BARE_NAME = re.compile(r"(?<![\w\\])__([a-z][a-z0-9]{0,40})__(?!\w)", re.ASCII)
"""One lower-case word between double underscores."""
OPEN_NAME = re.compile(r"(?<![\w\\])__[a-z][a-z0-9]{0,40}_?\Z", re.ASCII)
"""The same at the end of a text, before it is complete."""

_SIGNS = {TILDE: "~", UNDERSCORE: "_", BACKSLASH: "\\", ASTERISK: "*", BACKTICK: "`", BRACKET: "["}
# The beginning of a substitute or of `DOLLAR`, encoded by the model.
_ENCODED_START = re.compile(r"%(?=EF%B7%|E2%82%A0)")
# A link's address holds the substitutes encoded, and so do the anchors of notes.
_ADDRESS = re.compile(r'(?<= )(?:href|src|id)="[^"]*%E(?:F%B7%|2%82%A0)[^"]*"')
_CODE = re.compile(r"<(?:code|span data-math)[^>]*>[^<]*")
_ENCODED = {
    quote(TILDE): "~",
    quote(UNDERSCORE): "_",
    quote(ADDRESS_END): "",
    quote(TAG): "",
    quote(BACKSLASH): "%5C",
    quote(ASTERISK): "*",
    quote(BACKTICK): "%60",
    quote(BRACKET): "%5B",
    quote(ESCAPED): "",
    quote(DOLLAR): "$",
    quote(ITSELF): quote(DOLLAR),
    quote(f"%{PERCENT}"): "%",
}
_ENCODED_SIGN = re.compile("|".join(_ENCODED))


def hide(source: str) -> str:
    """Return Markdown with substitutes for the signs that are text."""
    if "%E" in source:
        source = _ENCODED_START.sub(f"%{PERCENT}", source)
    if "~" in source:
        source = _TILDE.sub(lambda match: match[1] or TILDE, source)
    if "__" in source:
        source = BARE_NAME.sub(rf"{UNDERSCORE * 2}\1{UNDERSCORE * 2}", source)
    return source


def restore(html: str) -> str:
    """Return the parser's HTML with the signs themselves, and without marks in addresses."""
    if "%EF%B7%" in html or "%E2%82%A0" in html:
        html = _ADDRESS.sub(_restore_address, html)
    if ESCAPED in html:
        html = _CODE.sub(lambda code: code[0].replace(f"_{ESCAPED}", "\\_"), html)
    for substitute, sign in _SIGNS.items():
        html = html.replace(substitute, sign)
    return html.replace(ADDRESS_END.replace("<", "&lt;"), "")


def _restore_address(attribute: re.Match[str]) -> str:
    return _ENCODED_SIGN.sub(lambda sign: _ENCODED[sign[0]], attribute[0])
