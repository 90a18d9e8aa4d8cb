"""Turn the parser's HTML into safe HTML: the second line of defence, after the parser's escaping.

Code, formulas and check boxes are replaced by placeholders, and pictures by links. The rest passes
nh3 with a short allow-list and an attribute filter. Then our own markup replaces the placeholders.
Text cannot smuggle in a placeholder character, because `source.normalize` and `convert.to_html`
remove those characters.
"""

import re
from collections.abc import Callable
from urllib.parse import unquote

import nh3

from chat.rendering.markdown import code, direction, mathml, prose
from chat.rendering.markdown.source import AMPERSAND, PLACEHOLDER

MAX_MATH = 50_000
"""Maximum characters of LaTeX that are converted to MathML in one piece of HTML."""
MAX_HIGHLIGHTED = 60_000
"""Maximum characters of code that are highlighted in one piece of HTML."""

MANY_AMPERSANDS = 2_000
"""Number of ampersands from which nh3 is given another character in their place."""

_ELEMENT_NAMES = """
a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr kbd li ol p section strong sub sup table tbody
td th thead tr ul
"""
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
ALERTS = ("caution", "important", "note", "tip", "warning")
_ALERT = "markdown-alert"

_EMBEDDED = re.compile(
    r"<pre[^>]*><code(?P<fence>[^>]*)>(?P<code>[^<]*)</code></pre>"
    r'|<span data-math-style="(?P<style>inline|display)"[^>]*>(?P<math>[^<]*)</span>'
    r"|<input(?P<input>[^>]*)>"
)
_INFO = re.compile(r'class="language-([^"]*)"')
_LINKED = re.compile(r"<a [^>]*>(?:(?!</a>).)*</a>", re.S)
_IMAGE = re.compile(r'<img(?: [a-z-]+="[^"]*")*? src="([^"]*)" alt="([^"]*)"[^>]*>')
_PLACEHOLDER = re.compile(rf"<(?:code|div)>{PLACEHOLDER}</(?:code|div)>")
_END = re.compile(r"(?:</[a-z0-9]+>)*\Z")
_OWN_ANCHOR = re.compile(r"(<(?:a|li)\b[^>]*? (?:href=\"#|id=\"))(?=fn(?:ref)?-\d)")

_WEB = re.compile(r"https?://([^/?#@\\]+)(?:[/?#].*)?", re.I | re.S)
# A name, or an IPv6 address in brackets; then a port.
_HOST = re.compile(r"(?:\[[0-9a-f:.]{2,45}\]|[^\[\]:]*[^\W_][^\[\]:]*)(?::\d{0,5})?", re.I)
_MAIL = re.compile(r"mailto:([^?#\\]+)(?:\?([^#]*))?", re.I | re.S)
# For decoded header fields of a mail link: only the body may contain line breaks.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_CONTROL_IN_BODY = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_INVISIBLE = re.compile(
    "[\\x00-\\x20\\x7f-\\xa0\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200f"
    "\\u2028-\\u202f\\u205f-\\u206f\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffd"
    "\\U000e0000-\\U000e0fff]"
)
_ANCHOR = re.compile(r"#fn(?:ref)?-\d{1,6}(?:-\d{1,6})?")
_ID = re.compile(r"fn(?:ref)?-\d{1,6}(?:-\d{1,6})?")
_BACK = re.compile(r"Back to reference \d{1,6}(?:-\d{1,6})?")


class LostPlaceholderError(Exception):
    """Raised if the sanitiser drops a placeholder: the HTML is not what the parser produces."""


def sanitize(html: str, *, is_open: bool = False) -> str:
    """Return the raw HTML of `convert.to_html` as safe HTML.

    With `is_open`, a code block at the very end is still being written and is not highlighted.
    Raises LostPlaceholderError if a placeholder does not survive.
    """
    if "<img" in html:
        html = _without_images(html)
    replacements: list[str] = []
    if "<pre" in html or "<input" in html or "data-math-style" in html:
        html = _insert_placeholders(html, replacements, is_open)
    clean = direction.add_directions(_clean(html))
    if "<table" in clean:
        clean = clean.replace("<table>", '<div class="table-wrap" dir="auto" tabindex="0"><table>')
        clean = clean.replace("</table>", "</table></div>")
    if "<a " in clean:
        clean = clean.replace('<a href="http', '<a target="_blank" href="http')
    return _fill_placeholders(clean, replacements) if replacements else clean


def _clean(html: str) -> str:
    """Sanitise; nh3 takes quadratic time in `&amp;`, so replace many of them for its run."""
    if html.count("&amp;") < MANY_AMPERSANDS:
        return _CLEANER.clean(html)
    return _CLEANER.clean(html.replace("&amp;", AMPERSAND)).replace(AMPERSAND, "&amp;")


def with_anchors(html: str, message_id: str) -> str:
    """Put the message id into the footnote anchors, which are alike in every message."""
    if "fn" not in html:
        return html
    key = re.sub(r"[^0-9A-Za-z-]", "", message_id)
    for _ in range(2):  # an element may have both an href and an id
        html = _OWN_ANCHOR.sub(rf"\g<1>m{key}-", html)
    return html


def _without_images(html: str) -> str:
    """Replace each image by a link to it or, inside a link, by its description."""
    html = _LINKED.sub(lambda link: _IMAGE.sub(r"\2", link[0]), html)
    return _IMAGE.sub(_image_link, html)


def _image_link(image: re.Match[str]) -> str:
    if image[2]:
        return f'<a href="{image[1]}">{image[2]}</a>'
    return f'<a href="{image[1]}" class="picture">image</a>'


def _insert_placeholders(html: str, replacements: list[str], is_open: bool) -> str:
    """Return the HTML with placeholders, and append the markup for each to `replacements`."""
    spent = {"math": 0, "code": 0}  # characters so far, for MAX_MATH and MAX_HIGHLIGHTED

    def replace(match: re.Match[str]) -> str:
        if match["input"] is not None:
            replacements.append(_check_box(match["input"]))
        elif match["math"] is not None:
            display = match["style"] == "display"
            if _is_bracketed_prose(code.unescape_text(match["math"])):
                return f"[{match['math']}]" if display else f"({match['math']})"
            replacements.append(_formula(match["math"], spent, display=display))
        elif 'class="language-math"' in match["fence"]:
            replacements.append(_formula(match["code"], spent, display=True))
            return f'<div class="math"><code>{PLACEHOLDER}</code></div>'
        else:
            finished = not (is_open and _END.match(html, match.end()))
            replacements.append(_code_html(match, finished, spent))
            return f"<div>{PLACEHOLDER}</div>"
        return f"<code>{PLACEHOLDER}</code>"

    return _EMBEDDED.sub(replace, html)


def _formula(html: str, spent: dict[str, int], *, display: bool) -> str:
    latex = code.unescape_text(html)
    spent["math"] += len(latex)
    if spent["math"] > MAX_MATH:
        return mathml.render_source(latex)
    return mathml.render_formula(latex, display=display)


def _is_bracketed_prose(text: str) -> bool:
    r"""Return whether the text comes from escaped brackets, as in "\\[sic\\]".

    What stands between dollar signs is none, because `dollars` took only formulas.
    """
    words = text.strip()
    if not words or prose.is_word(words):
        return True
    return not prose.has_latex(words) and prose.is_prose(words)


def _code_html(match: re.Match[str], finished: bool, spent: dict[str, int]) -> str:
    info = _INFO.search(match["fence"])
    name = code.unescape_text(info[1]) if info else ""
    text = code.unescape_text(match["code"])
    spent["code"] += len(text)
    finished = finished and spent["code"] <= MAX_HIGHLIGHTED
    return code.code_block(name, text, highlighted=finished)


def _check_box(attributes: str) -> str:
    if "checked" in attributes:
        return '<input type="checkbox" disabled checked aria-label="Done">'
    return '<input type="checkbox" disabled aria-label="To do">'


def _fill_placeholders(html: str, replacements: list[str]) -> str:
    remaining = iter(replacements)
    try:
        html = _PLACEHOLDER.sub(lambda _: next(remaining), html)
    except StopIteration:
        raise LostPlaceholderError from None
    if next(remaining, None) is not None or PLACEHOLDER in html:
        raise LostPlaceholderError
    return html


def is_linkable(address: str) -> bool:
    """Return whether an absolute address may be a link.

    It must be a web or mail address without a user name and without invisible characters.
    Percent-encoded characters in a path or query are harmless, because browsers show them encoded.
    The browser decodes a host, however, and the mail program decodes the fields of a mail link.
    """
    if len(address) > 2_000 or _INVISIBLE.search(address):
        return False
    if web := _WEB.fullmatch(address):
        host = unquote(web[1])
        return _HOST.fullmatch(host) is not None and not _INVISIBLE.search(host)
    mail = _MAIL.fullmatch(address)
    return mail is not None and _is_safe_mail(mail[1], mail[2] or "")


def _is_safe_mail(recipients: str, fields: str) -> bool:
    """Return whether no encoded line break can add a header field to the mail.

    See https://www.rfc-editor.org/rfc/rfc6068#section-7.
    """
    if _has_invisible(recipients):
        return False
    for field in fields.split("&"):
        name, _, value = field.partition("=")
        name = unquote(name).lower()
        if name == "body":
            unsafe = _CONTROL_IN_BODY.search(unquote(value)) is not None
        elif name == "subject":
            unsafe = _CONTROL.search(unquote(value)) is not None
        else:
            unsafe = _has_invisible(name + value)
        if unsafe:
            return False
    return True


def _has_invisible(encoded: str) -> bool:
    return _INVISIBLE.search(unquote(encoded).replace(" ", "")) is not None


def _allowed_href(value: str) -> str | None:
    return value if _ANCHOR.fullmatch(value) or is_linkable(value) else None


def _if_matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    return lambda value: value if pattern.fullmatch(value) else None


_FILTERS: dict[tuple[str, str], Callable[[str], str | None]] = {
    ("a", "href"): _allowed_href,
    ("a", "id"): _if_matching(_ID),
    ("li", "id"): _if_matching(_ID),
    ("a", "aria-label"): _if_matching(_BACK),
    ("ol", "start"): _if_matching(re.compile(r"\d{1,9}")),
}


def _filter_attribute(tag: str, name: str, value: str) -> str | None:
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
    set_tag_attribute_values={tag: {"dir": "auto"} for tag in direction.BLOCKS},
    attribute_filter=_filter_attribute,
    link_rel="nofollow noopener noreferrer",
    url_schemes={"http", "https", "mailto"},
)
