"""Let the browser decide the writing direction of each block, and keep numbers in one piece.

`dir="auto"` takes the direction of the first letter in the element, letters in children with a
`dir` of their own aside. An item, a quote or an alert has that of its first paragraph, so that its
bullet or bar is on the right side. A table has that of its header, which orders its columns.
"""

import re

BLOCKS = ("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "td")
"""Elements that get `dir="auto"`."""

AUTO = ' dir="auto"'
_FIRST = re.compile(
    r"(<(?:li|blockquote)\b[^>]*>(?:<code>[^<]*</code> ?)?<(?:p|h[1-6])"
    r'|<p class="markdown-alert-title" dir="auto">[^<]*</p><p) dir="auto"'
)
_LETTERS = (
    "\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff\ufb1d-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
    "\U00010800-\U00010fff\U0001e800-\U0001efff"
)
_RIGHT_TO_LEFT = re.compile(f"[{_LETTERS}]")
_CURRENCY = "$\xa2-\xa5\u20a0-\u20cf\ufdfc"
# Digits of Arabic are left alone: their order follows the text.
_NUMBER = re.compile(r"[0-9]")
_TOKEN = re.compile(
    r"(?P<skipped><(?:code|sup class)[^>]*>(?:<a[^>]*>)?[^<]*)"
    r"|(?P<start>\n|</?(?:p|h[1-6]|li|t[dhr]|blockquote|div|br|[ou]l)\b[^>]*>)|<[^>]*>|&[#\w]+;"
    rf"|(?P<number>(?<![\w.])[-+\u2212\xb1~\uff5e]?[{_CURRENCY}]?[0-9]+[{_CURRENCY}]?"
    rf"(?:[.,:/~\uff5e\u2013\u2212\xd7-][{_CURRENCY}]?[0-9]+[{_CURRENCY}]?)*"
    r"(?!\w)[%\xb0\u2030]?)|(?P<letters>[^\W\d_]+)"
)


def add_directions(html: str) -> str:
    """Return safe HTML, in which every block has `dir="auto"`, with the direction of its parts."""
    html = _FIRST.sub(r"\1", html)
    if "markdown-alert " in html:
        html = html.replace('<div class="markdown-alert ', f'<div{AUTO} class="markdown-alert ')
    return isolate_numbers(html)


def isolate_numbers(html: str) -> str:
    """Return HTML in which each number next to letters that run from right to left is a `<bdi>`.

    Without it, signs, ranges and dates change places with the words around them: `3-5`, `-2`.
    The nearest letter before the number in its block counts, or else the first one after it.
    """
    if html.isascii() or not _RIGHT_TO_LEFT.search(html):
        return html
    parts: list[str] = []
    numbers: list[int] = []  # indexes of those before the first letter of the block
    is_rtl: bool | None = None
    end = 0
    for match in _TOKEN.finditer(html):
        if match["start"]:
            is_rtl = None
            numbers.clear()
        elif match["letters"]:
            is_first = is_rtl is None
            is_rtl = _RIGHT_TO_LEFT.match(match[0][-1]) is not None
            if is_first and _RIGHT_TO_LEFT.match(match[0]):
                _wrap(parts, numbers)
        elif match["number"]:
            parts += html[end : match.start()], match[0]
            end = match.end()
            numbers.append(len(parts) - 1)
            if is_rtl is not None:
                _wrap(parts, numbers if is_rtl else [])
                numbers.clear()
    return "".join([*parts, html[end:]])


def _wrap(parts: list[str], indexes: list[int]) -> None:
    for index in indexes:
        parts[index] = f"<bdi>{parts[index]}</bdi>"
    indexes.clear()


def may_isolate(source: str, piece: str) -> bool:
    """Return whether `piece`, added to `source`, may make an element of a number."""
    if source.isascii() and piece.isascii():
        return False
    if _NUMBER.search(piece):
        return _RIGHT_TO_LEFT.search(source + piece) is not None
    return _RIGHT_TO_LEFT.search(piece) is not None and _NUMBER.search(source) is not None
