"""What is accepted: sizes and characters of the text that people send."""

import re
import unicodedata
from collections.abc import Iterable

from chat.errors import ChatError

MESSAGE_CHARS = 32_000
TITLE_CHARS = 200
# Hangul fillers and the braille blank are letters or symbols to Unicode, and blank on a screen.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")


def clean_message(text: str) -> str:
    """Return the text as it is stored: normalized, without blank ends, but with the indentation of
    its first line. `stored` in static/js/words.js does the same, so that the page counts alike.

    Raises ChatError `empty_message` or `message_too_long`.
    """
    text = without_blank_ends(normalize_text(text))
    if not has_visible(text):
        raise ChatError("empty_message")
    check_length(text, MESSAGE_CHARS, "message_too_long")
    return text


def without_blank_ends(text: str) -> str:
    """Without blank lines at the beginning and blanks at the end."""
    first = _BLANK_LINES.match(text)
    return text[first.end() if first else 0 :].rstrip()


def check_length(text: str, limit: int, code: str) -> None:
    """Raises ChatError `code`, with both numbers."""
    if len(text) > limit:
        raise ChatError(code, counts={"length": len(text), "limit": limit})


# What word processors and terminals put at the end of a line.
NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85]")
# Other control characters and lone surrogates: Postgres, JSON or a socket cannot carry them.
UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def normalize_text(text: str) -> str:
    """Newlines as LF, and none of the characters that a paste may bring and nobody sees."""
    return UNSTORABLE.sub("", NEWLINES.sub("\n", text))


def clean_title(text: str) -> str:
    """One line of at most 200 characters. Raises ChatError `empty_title` or `title_too_long`."""
    title = " ".join(normalize_text(text).split())
    if not has_visible(title):
        raise ChatError("empty_title")
    check_length(title, TITLE_CHARS, "title_too_long")
    return title


def make_title(text: str, most: int = 60) -> str:
    """A title made of the first line of a question, cut at a word."""
    line = " ".join(next((row for row in text.splitlines() if has_visible(row)), "").split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,;:.-") + "…"


def has_visible(text: str) -> bool:
    """Whether a reader would see anything: a character that is no space, control, format or filler.

    By Unicode general category; U+200B survives `str.strip()` and is a format character here.
    """
    return any(_is_visible(char) for char in text)


def _is_visible(char: str) -> bool:
    # Combining marks (M) are left out too: alone they draw nothing of their own.
    return char not in _BLANK and unicodedata.category(char)[0] not in "CZM"


def join_chunks(text: str, chunks: Iterable[tuple[int, str]]) -> str:
    """`text` and the chunks, (offset in characters, text), that follow it without a hole."""
    parts, end = [text], len(text)
    for offset, piece in chunks:
        if offset != end:
            break
        parts.append(piece)
        end += len(piece)
    return "".join(parts)
