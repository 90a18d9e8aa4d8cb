"""Find web addresses in text, and the place where each one ends.

Nothing in Unicode says where an address ends in a text without spaces between words. Full-width
punctuation and quotes end one, because browsers write them encoded. Letters do not, because people
paste `https://zh.wikipedia.org/wiki/数学`.
"""

import re
from collections.abc import Iterator

from chat.rendering.markdown.marks import ADDRESS_END, ESCAPED

MAX_MARKED = 3_000
"""Maximum marked ends: the parser reads on to the next blank for each address before them."""

# Quotes, dashes and the ellipsis; Arabic and Indic punctuation; CJK punctuation but the iteration
# marks; full-width forms of ASCII punctuation, and half-width forms of CJK punctuation.
_CLOSING = (
    '"`\xab\xbb\u060c\u061b\u061f\u06d4\u0964\u0965\u2014\u2015\u2018-\u201f\u2026\u2039\u203a'
    "\u3000-\u3004\u3008-\u3020\u3030\u303d\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff64"
)
_CJK_LETTER = "[\u3005-\u3007\u3040-\u30fa\u30fc-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
# `www.` counts where GFM allows it: https://github.github.com/gfm/#extended-autolinks-extension-
_START = r"(?<![a-z])https?://|(?<![^\s*_~(\[])www\."
# An ASCII host that letters of another script follow has ended: no top-level domain mixes them.
_ADDRESS = re.compile(
    rf"(?P<opening><?)(?P<address>(?<![a-z])https?://[a-z0-9.-]*\.[a-z]{{2,24}}(?::\d{{1,5}})?"
    rf"(?={_CJK_LETTER})|(?:{_START})[^\s<>{_CLOSING}]*+)"
    rf"(?P<end>[{_CLOSING}>]|(?={_CJK_LETTER}))?",
    re.I,
)
_PAIRS = {")": "(", "]": "[", "}": "{"}
_TRAILING = "?!.,:;*_~'\""


def mark_ends(source: str) -> str:
    """Return Markdown with a mark where the parser would read on past the end of an address.

    The parser ends addresses at blanks and "<", and takes a backslash that escapes an underscore
    for a part of the address. `convert.to_html` resolves the marks.
    """
    return _ADDRESS.sub(_mark_end, source, count=MAX_MARKED)


def _mark_end(match: re.Match[str]) -> str:
    if match["opening"]:
        return match[0]
    address = match["address"].replace("\\_", "_" + ESCAPED)
    return address if match["end"] is None else address + ADDRESS_END + match["end"]


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each web address in plain text, without the sentence's punctuation."""
    for match in _ADDRESS.finditer(text):
        address = _trim(match["address"])
        if _has_valid_domain(address):
            yield match.start("address"), match.start("address") + len(address)


def _has_valid_domain(address: str) -> bool:
    """Return whether GFM accepts the host: no underscores in its last two parts.

    See https://github.github.com/gfm/#valid-domain.
    """
    host = re.split("[/?#:]", address.partition("://")[2] or address, maxsplit=1)[0]
    return not any("_" in part for part in host.split(".")[-2:])


def is_inside(text: str, offset: int) -> bool:
    """Return whether the offset lies within an address."""
    start = max(text.rfind(blank, 0, offset) for blank in " \t\n") + 1
    for match in _ADDRESS.finditer(text, start):
        if match.end("address") > offset:
            return match.start("address") < offset
    return False


def _trim(address: str) -> str:
    """Return the address without trailing punctuation and without unpaired closing brackets.

    These are the rules of https://github.github.com/gfm/#extended-autolink-path-validation.
    """
    end = len(address)
    surplus = {
        close: address.count(close) - address.count(opening) for close, opening in _PAIRS.items()
    }
    while end:
        sign = address[end - 1]
        if sign in _PAIRS:
            if surplus[sign] <= 0:
                break
            surplus[sign] -= 1
        elif sign not in _TRAILING:
            break
        end -= 1
    return address[:end]
