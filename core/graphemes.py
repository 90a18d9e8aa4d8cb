"""Cut text between the characters that a reader sees, which may be several code points each.

The rules are those of https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundary_Rules, as far
as Unicode's general categories tell them.
"""

import unicodedata

ZWJ = "\u200d"
_VIRAMA = 9  # the combining class
# Extending characters whose general category does not tell: ZWNJ, ZWJ, Thai and Lao AM, and the
# halfwidth marks of voiced sounds.
_EXTENDING = frozenset("\u200c\u200d\u0e33\u0eb3\uff9e\uff9f")


def cut_graphemes(text: str, limit: int) -> str:
    """Return the start of the text, at most `limit` code points, without a part of a character.

    A single character of more code points than that is cut all the same.
    """
    if len(text) <= limit:
        return text
    end = limit
    while end and not _is_boundary(text, end):
        end -= 1
    return text[: end or limit]


def first_grapheme(text: str) -> str:
    """Return the first character that a reader sees, "" of an empty text."""
    end = next((i for i in range(1, len(text)) if _is_boundary(text, i)), len(text))
    return text[:end]


def count_graphemes(text: str) -> int:
    """Count the characters that a reader sees. Takes a long time for long rows of flags."""
    return bool(text) + sum(_is_boundary(text, index) for index in range(1, len(text)))


def _is_boundary(text: str, index: int) -> bool:
    """Tell whether a new character begins at `index`, which has a code point on both sides."""
    before, after = text[index - 1], text[index]
    if _is_extending(after) or before == ZWJ or _is_conjunct(before, after):
        return False
    if _is_regional(before) and _is_regional(after):
        return _count_regional(text, index) % 2 == 0
    return not _is_leading_jamo(before) or not _is_hangul(after)


def _is_extending(char: str) -> bool:
    """Tell whether it belongs to the code point before it: a mark, a skin tone, a tag or a jamo."""
    return (
        char in _EXTENDING
        or unicodedata.category(char)[0] == "M"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
        or "\u1160" <= char <= "\u11ff"
        or "\ud7b0" <= char <= "\ud7fb"
    )


def _is_conjunct(before: str, after: str) -> bool:
    """Tell whether a virama joins two letters of an Indic script."""
    return unicodedata.combining(before) == _VIRAMA and unicodedata.category(after) == "Lo"


def _is_regional(char: str) -> bool:
    """Tell whether it is half of a flag."""
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _count_regional(text: str, index: int) -> int:
    """Count the halves of flags in a row before `index`."""
    start = index
    while start and _is_regional(text[start - 1]):
        start -= 1
    return index - start


def _is_leading_jamo(char: str) -> bool:
    return "\u1100" <= char <= "\u115f" or "\ua960" <= char <= "\ua97c"


def _is_hangul(char: str) -> bool:
    return _is_leading_jamo(char) or "\uac00" <= char <= "\ud7a3"
