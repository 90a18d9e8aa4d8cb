"""The few HTML tags that models write because Markdown has nothing in their place.

`<br>` breaks a line, also in a table cell. `<sub>`, `<sup>` and `<kbd>` hold a few words on one
line. A mark inside each tag tells it from `\\<br>` and `&lt;br&gt;`, which are text, and so is
every tag in code. All other HTML is text.
"""

import re

from chat.rendering.markdown.dollars import DOLLAR
from chat.rendering.markdown.marks import (
    ASTERISK,
    BACKSLASH,
    BACKTICK,
    BRACKET,
    TAG,
    TILDE,
    UNDERSCORE,
)

MAX_LENGTH = 80
"""Maximum characters between `<sub>` and `</sub>`."""

_NAMES = "sub|sup|kbd"
_TAGS = re.compile(rf"(?<!\\)<(/?br(?=[ \t]*/?>)|/?(?:{_NAMES})(?=>))", re.I)
# A single sign in an element is what the element shows, as in `<kbd>*</kbd>`.
_SIGN = re.compile(rf"(?<!\\)(<({_NAMES})>)([*_~$\\`\[])(?=</\2>)", re.I)
_SUBSTITUTES = {
    "*": ASTERISK, "_": UNDERSCORE, "~": TILDE, "$": DOLLAR, "\\": BACKSLASH, "`": BACKTICK,
    "[": BRACKET,
}  # fmt: skip
# Possessive, so that none of the parts is read twice.
_MARKED = re.compile(
    rf"(?P<code><code[^>]*>[^<]*+|<span data-math[^>]*>[^<]*+)|(?P<tag><[^>]*>)"
    rf"|&lt;/?br{TAG}[ \t]*/?&gt;(?:[ \t]*<br\b[^>]*>)?"
    rf"|&lt;(?P<name>{_NAMES}){TAG}&gt;(?P<text>(?:[^<&]|&(?!lt;)|&lt;(?![/a-z]+{TAG})"
    rf"|<(?P<child>em|strong|del|code|a|span(?= data-math))\b[^>]*>"
    rf"[^<]*+</(?P=child)>){{1,{MAX_LENGTH}}}+)"
    rf"&lt;/(?P=name){TAG}&gt;",
    re.I,
)
_LEFT = re.compile(rf"&lt;/?(?:{_NAMES})&gt;", re.I)
_OPEN_END = re.compile(
    rf"<(?:/?(?:br|{_NAMES})?[ \t]*/?"
    rf"|(?:{_NAMES})>[^<>\n]{{0,{MAX_LENGTH}}}(?:</?[a-z]*)?)\Z",
    re.I,
)


def mark(source: str) -> str:
    """Return Markdown with a mark in each tag that may become an element."""
    return _TAGS.sub(rf"<\1{TAG}", hide_signs(source))


def hide_signs(source: str) -> str:
    """Return Markdown of the same length with substitutes for single signs in elements."""
    if "<" not in source:
        return source
    return _SIGN.sub(lambda sign: sign[1] + _SUBSTITUTES[sign[3]], source)


def restore(html: str) -> str:
    """Return the parser's HTML, in which tags are escaped, with the marked ones as elements."""
    return _MARKED.sub(_to_element, html) if TAG in html else html


def _to_element(match: re.Match[str]) -> str:
    if match["code"] or match["tag"]:
        return match[0]
    if match["name"]:
        name = match["name"].lower()
        return f"<{name}>{match['text']}</{name}>"
    return "<br />"


def open_end(text: str, start: int) -> bool:
    """Return whether the "<" at `start` begins a tag or element that the next text may complete."""
    return _OPEN_END.match(text, start) is not None


def has_open(html: str) -> bool:
    """Return whether the HTML has the start or the end of an element as text."""
    return _LEFT.search(html) is not None
