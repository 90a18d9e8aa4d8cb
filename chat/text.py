"""Clean and check text: its characters, its length, and whether it is visible."""

import re
import unicodedata
from collections.abc import Iterable

from chat.errors import ChatError
from core.graphemes import cut_graphemes

MESSAGE_CHARS = 32_000
TITLE_CHARS = 200
# Hangul fillers and the braille blank: Unicode calls them letters or symbols, but they draw
# nothing.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")

_BLANK_LINES = re.compile(r"(?:[^\S\n]*\n)+")


def clean_message(text: str) -> str:
    """Return the message as it is stored.

    Normalizes the characters, and strips blank lines at the start and whitespace at the end; the
    indentation of the first line stays. `cleanMessage` in static/js/core.js must do the same, so
    that the page counts the same number of characters.

    Raises ChatError `empty_message` or `message_too_long`.
    """
    text = strip_blank_ends(normalize_text(text))
    if not has_visible(text):
        raise ChatError("empty_message")
    check_length(text, MESSAGE_CHARS, "message_too_long")
    return text


def strip_blank_ends(text: str) -> str:
    """Strip blank lines at the start and whitespace at the end."""
    blank_lines = _BLANK_LINES.match(text)
    return text[blank_lines.end() if blank_lines else 0 :].rstrip()


def check_length(text: str, limit: int, code: str) -> None:
    """Raise ChatError `code`, with the length and the limit, if the text is too long."""
    if len(text) > limit:
        raise ChatError(code, counts={"length": len(text), "limit": limit})


# Line endings of other systems, and the line breaks that word processors and terminals insert.
NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85]")
# Other control characters and lone surrogates, which PostgreSQL, JSON or a websocket rejects.
UNSTORABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def normalize_text(text: str) -> str:
    """Convert line endings to LF, and remove invisible characters that cannot be stored."""
    return UNSTORABLE.sub("", NEWLINES.sub("\n", text))


class ChunkNormalizer:
    """Normalize text that arrives in chunks, so that any cut of it gives the same result.

    CR LF and CR become LF, a surrogate pair becomes the character that it encodes, and a lone
    surrogate becomes U+FFFD. Characters of the set `forbidden`, written as in a regular expression,
    become `replacement`.
    """

    def __init__(self, forbidden: str, replacement: str) -> None:
        self._forbidden = re.compile(f"[{forbidden}]")
        self._unusual = re.compile(f"[{forbidden}\r\ud800-\udfff]")
        self._replacement = replacement
        self._half = ""
        self._after_cr = False

    def feed(self, chunk: str) -> str:
        """Return the normalized text of a chunk; it may be empty.

        The first half of a surrogate pair at the end is held back for the next chunk.
        """
        if not self._half and not self._after_cr and not self._unusual.search(chunk):
            return chunk
        text, self._half = self._half + self._forbidden.sub(self._replacement, chunk), ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return join_surrogates(self._convert_newlines(text))

    def flush(self) -> str:
        """Return what the end of the text makes of the half that was held back."""
        half, self._half = self._half, ""
        return "\ufffd" if half else ""

    def _convert_newlines(self, text: str) -> str:
        if not text:
            return ""
        if self._after_cr and text[0] == "\n":
            text = text[1:]
        self._after_cr = text.endswith("\r")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def join_surrogates(text: str) -> str:
    """Join surrogate pairs, and replace lone surrogates by U+FFFD."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean_title(text: str) -> str:
    """Return the title on one line.

    Raises ChatError `empty_title`, or `title_too_long` for more than 200 characters.
    """
    title = " ".join(normalize_text(text).split())
    if not has_visible(title):
        raise ChatError("empty_title")
    check_length(title, TITLE_CHARS, "title_too_long")
    return title


def make_title(text: str, limit: int = 60) -> str:
    """Make a title from the first visible line of a question.

    A line of more than `limit` characters is shortened, at a space if its second half has one.
    """
    line = " ".join(next((line for line in text.splitlines() if has_visible(line)), "").split())
    if len(line) <= limit:
        return line
    cut = cut_graphemes(line, limit - 1)
    return (cut.rsplit(" ", 1)[0] if " " in cut[limit // 2 :] else cut).rstrip(" ,;:.-") + "…"


def has_visible(text: str) -> bool:
    """Tell whether a reader would see anything of the text.

    Spaces, control characters, format characters and fillers are invisible. This goes by Unicode
    general category, because `str.strip()` leaves format characters such as U+200B in place.
    """
    return any(_is_visible(char) for char in text)


def _is_visible(char: str) -> bool:
    # Combining marks (M) count as invisible: without a base character they draw nothing.
    return char not in _BLANK and unicodedata.category(char)[0] not in "CZM"


def join_chunks(text: str, chunks: Iterable[tuple[int, str]]) -> str:
    """Append chunks to a text, up to the first gap.

    Each chunk is its offset, in characters from the start of `text`, and its own text. Chunks must
    be in the order of their offsets.
    """
    parts, end = [text], len(text)
    for offset, chunk in chunks:
        if offset != end:
            break
        parts.append(chunk)
        end += len(chunk)
    return "".join(parts)
