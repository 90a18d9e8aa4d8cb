"""Clean the name that a person chose for themselves."""

import re
import unicodedata

from core.graphemes import count_graphemes

# Characters that a reader sees, and code points: an emoji or an accented letter may be several.
MAX_CHARS = 80
MAX_CODE_POINTS = 4 * MAX_CHARS

# Marks and overrides of direction could turn the text around the name; surrogates are no text.
# https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
REMOVED = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
# Letters and symbols that draw nothing.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def clean_name(text: str) -> str:
    """Return the name on one line, without controls and marks of direction; "" if it is unseen."""
    line = " ".join(CONTROLS.sub(" ", REMOVED.sub("", text)).split())
    return line if any(map(_is_visible, line)) else ""


def is_too_long(name: str) -> bool:
    """Return whether a cleaned name has too many characters, as a reader counts them."""
    return len(name) > MAX_CODE_POINTS or count_graphemes(name) > MAX_CHARS


def _is_visible(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNPS" and char not in BLANK
