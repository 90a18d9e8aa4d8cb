"""Raw HTML of the parser -> HTML that can be shown: the second wall.

What the parser made is taken apart once: code, formulas, check boxes and pictures become
placeholders; the rest passes nh3 with a short allow-list and a filter on attributes; then our own
markup takes the places. A sign that text could smuggle in is not among the placeholders, because
`source.normalise` and `convert.to_html` remove those.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

import nh3

from chat.rendering.markdown import code, mathml
from chat.rendering.markdown.source import AMPERSAND, PLACEHOLDER

MAX_MATH = 50_000
"""Characters of LaTeX that are made into MathML in one piece of HTML."""
MAX_HIGHLIGHTED = 60_000
"""Characters of code that are highlighted in one piece of HTML."""

MANY_AMPERSANDS = 2_000

_ELEMENTS_NAMES = """
a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr li ol p section strong sup table tbody td th
thead tr ul
"""
ELEMENTS = frozenset(_ELEMENTS_NAMES.split())
ALERTS = ("caution", "important", "note", "tip", "warning")
_ALERT = "markdown-alert"

_MADE = re.compile(
    r"<pre[^>]*><code(?P<fence>[^>]*)>(?P<code>[^<]*)</code></pre>"
    r'|<span data-math-style="(?P<style>inline|display)"[^>]*>(?P<math>[^<]*)</span>'
    r"|<input(?P<input>[^>]*)>"
)
_INFO = re.compile(r'class="language-([^"]*)"')
_LINKED = re.compile(r"<a [^>]*>(?:(?!</a>).)*</a>", re.S)
_IMAGE = re.compile(r'<img(?: [a-z-]+="[^"]*")*? src="([^"]*)" alt="([^"]*)"[^>]*>')
_HOLE = re.compile(rf"<(?:code|div)>{PLACEHOLDER}</(?:code|div)>")
_END = re.compile(r"(?:</[a-z0-9]+>)*\Z")
_MONEY = re.compile(r"\d[\d.,]*[ \n]+[A-Za-z]{2,}[^\\^_={}]*")
_OWN_ANCHOR = re.compile(r"(<(?:a|li)\b[^>]*? (?:href=\"#|id=\"))(?=fn(?:ref)?-\d)")

_WEB = re.compile(r"https?://([^/?#@\\]+)(?:[/?#].*)?", re.I | re.S)
_MAIL = re.compile(r"mailto:([^?#\\]+)(?:\?([^#]*))?", re.I | re.S)
# Decoded header fields of a mail: only its body may have lines.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_BODY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_UNSEEN = re.compile(
    "[\\x00-\\x20\\x7f-\\xa0\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f"
    "\\u2028-\\u202f\\u205f-\\u206f\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffd"
    "\\U000e0000-\\U000e0fff]"
)
_ANCHOR = re.compile(r"#fn(?:ref)?-\d{1,6}(?:-\d{1,6})?")
_ID = re.compile(r"fn(?:ref)?-\d{1,6}(?:-\d{1,6})?")
_BACK = re.compile(r"Back to reference \d{1,6}(?:-\d{1,6})?")


class LostPlaceError(Exception):
    """The sanitiser dropped a placeholder: the HTML was not what the parser makes."""


def sanitise(html: str, *, is_open: bool = False) -> str:
    """Raw HTML of `convert.to_html` -> safe HTML. Raises LostPlaceError where both disagree.

    With `is_open` a code block at the very end stays plain: it is still being written.
    """
    if "<img" in html:
        html = _without_images(html)
    made: list[str] = []
    if "<pre" in html or "<input" in html or "data-math-style" in html:
        html = _take_apart(html, made, is_open)
    clean = _clean(html)
    if "<table" in clean:
        clean = clean.replace("<table>", '<div class="table-wrap" tabindex="0"><table>')
        clean = clean.replace("</table>", "</table></div>")
    if "<a " in clean:
        clean = clean.replace('<a href="http', '<a target="_blank" href="http')
    return _fill(clean, made) if made else clean


def _clean(html: str) -> str:
    """nh3 takes quadratic time in the ampersands of one text, so many pass it as another sign."""
    if html.count("&amp;") < MANY_AMPERSANDS:
        return _CLEANER.clean(html)
    return _CLEANER.clean(html.replace("&amp;", AMPERSAND)).replace(AMPERSAND, "&amp;")


def with_anchors(html: str, message_id: str) -> str:
    """Safe HTML whose footnote anchors carry the message's id: comrak numbers them alike in all."""
    if "fn" not in html:
        return html
    key = re.sub(r"[^0-9A-Za-z-]", "", message_id)
    for _ in range(2):  # an element may have both, an address and an id
        html = _OWN_ANCHOR.sub(rf"\g<1>m{key}-", html)
    return html


def _without_images(html: str) -> str:
    html = _LINKED.sub(lambda link: _IMAGE.sub(r"\2", link[0]), html)
    return _IMAGE.sub(_described, html)


def _described(image: re.Match[str]) -> str:
    if image[2]:
        return f'<a href="{image[1]}">{image[2]}</a>'
    return f'<a href="{image[1]}" class="picture">image</a>'


def _take_apart(html: str, made: list[str], is_open: bool) -> str:
    spent = {"math": 0, "code": 0}

    def take(match: re.Match[str]) -> str:
        if match["input"] is not None:
            made.append(_check_box(match["input"]))
        elif match["math"] is not None:
            return _formula(match, made, spent)
        elif 'class="language-math"' in match["fence"]:
            spent["math"] += len(match["code"])
            latex = code.unescaped(match["code"])
            whole = spent["math"] <= MAX_MATH
            made.append(mathml.formula(latex, display=True) if whole else mathml.source(latex))
            return f'<div class="math"><code>{PLACEHOLDER}</code></div>'
        else:
            finished = not (is_open and _END.match(html, match.end()))
            made.append(_code(match, finished, spent))
            return f"<div>{PLACEHOLDER}</div>"
        return f"<code>{PLACEHOLDER}</code>"

    return _MADE.sub(take, html)


def _formula(match: re.Match[str], made: list[str], spent: dict[str, int]) -> str:
    latex = code.unescaped(match["math"])
    display = match["style"] == "display"
    if not display and _MONEY.fullmatch(latex):
        return f"${match['math']}$"
    spent["math"] += len(latex)
    whole = spent["math"] <= MAX_MATH
    made.append(mathml.formula(latex, display=display) if whole else mathml.source(latex))
    return f"<code>{PLACEHOLDER}</code>"


def _code(match: re.Match[str], finished: bool, spent: dict[str, int]) -> str:
    info = _INFO.search(match["fence"])
    name = code.unescaped(info[1]) if info else ""
    text = code.unescaped(match["code"])
    spent["code"] += len(text)
    finished = finished and spent["code"] <= MAX_HIGHLIGHTED
    return code.code_block(name, text, highlighted=finished)


def _check_box(attributes: str) -> str:
    if "checked" in attributes:
        return '<input type="checkbox" disabled checked aria-label="Done">'
    return '<input type="checkbox" disabled aria-label="To do">'


def _fill(html: str, made: list[str]) -> str:
    places = iter(made)
    try:
        html = _HOLE.sub(lambda _: next(places), html)
    except StopIteration:
        raise LostPlaceError from None
    if next(places, None) is not None or PLACEHOLDER in html:
        raise LostPlaceError
    return html


def linkable(address: str) -> bool:
    """Whether an absolute address may be a link: web or mail, no user name, no unseen signs.

    Percent-encoded signs in a path or query are harmless: browsers show them as they are written.
    A host is decoded by the browser, and a mail's fields by the mail program.
    """
    if len(address) > 2_000 or _UNSEEN.search(address):
        return False
    if web := _WEB.fullmatch(address):
        return not _UNSEEN.search(unquote(web[1]))
    mail = _MAIL.fullmatch(address)
    return mail is not None and _is_safe_mail(mail[1], mail[2] or "")


def _is_safe_mail(recipients: str, fields: str) -> bool:
    """No encoded line break may add a header field (https://www.rfc-editor.org/rfc/rfc6068#section-7)."""
    if _has_unseen(recipients):
        return False
    for field in fields.split("&"):
        name, _, value = field.partition("=")
        name = unquote(name).lower()
        if name == "body":
            unsafe = _CONTROL_IN_BODY.search(unquote(value)) is not None
        elif name == "subject":
            unsafe = _CONTROL.search(unquote(value)) is not None
        else:
            unsafe = _has_unseen(name + value)
        if unsafe:
            return False
    return True


def _has_unseen(encoded: str) -> bool:
    return _UNSEEN.search(unquote(encoded).replace(" ", "")) is not None


def _href(value: str) -> str | None:
    return value if _ANCHOR.fullmatch(value) or linkable(value) else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda value: value if pattern.fullmatch(value) else None


_FILTERS: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("a", "href"): _href,
    ("a", "id"): _matching(_ID),
    ("li", "id"): _matching(_ID),
    ("a", "aria-label"): _matching(_BACK),
    ("ol", "start"): _matching(re.compile(r"\d{1,9}")),
}


def _attribute(tag: str, name: str, value: str) -> str | None:
    check = _FILTERS.get((tag, name))
    return check(value) if check else value


_CLEANER = nh3.Cleaner(
    tags=set(ELEMENTS),
    clean_content_tags=set(),
    attributes={"*": set(), "a": {"href", "id", "aria-label"}, "li": {"id"}, "ol": {"start"}},
    tag_attribute_values={tag: {"align": {"left", "center", "right"}} for tag in ("td", "th")},
    allowed_classes={
        "a": {"footnote-backref", "picture"},
        "div": {"math", _ALERT, *(f"{_ALERT}-{name}" for name in ALERTS)},
        "p": {f"{_ALERT}-title"},
        "section": {"footnotes"},
        "sup": {"footnote-ref"},
    },
    attribute_filter=_attribute,
    link_rel="nofollow noopener noreferrer",
    url_schemes={"http", "https", "mailto"},
)
