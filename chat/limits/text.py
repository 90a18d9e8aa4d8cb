"""What is accepted: sizes and characters of the text that people send."""

import unicodedata

from chat.errors import ChatError
from chat.providers import has_visible

MESSAGE_CHARS = 32_000
TITLE_CHARS = 200


def checked_text(text: str) -> str:
    """The text as it is stored: newlines as LF, no blank ends.

    Raises ChatError `bad_text`, `empty_message` or `message_too_long`.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if any(refused(char) for char in text):
        raise ChatError("bad_text")
    text = text.strip()
    if not has_visible(text):
        raise ChatError("empty_message")
    if len(text) > MESSAGE_CHARS:
        raise ChatError("message_too_long")
    return text


def refused(char: str) -> bool:
    """Control characters and lone surrogates, which Postgres, JSON or a socket cannot carry."""
    return char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cs")


def checked_title(text: str) -> str:
    """One line of at most 200 characters. Raises ChatError `bad_text` or `empty_title`."""
    title = " ".join(text.split())
    if any(refused(char) for char in title):
        raise ChatError("bad_text")
    if not has_visible(title):
        raise ChatError("empty_title")
    return title[:TITLE_CHARS]


def title_from(text: str, most: int = 60) -> str:
    """A title made of the first line of a question, cut at a word."""
    line = " ".join(next((row for row in text.splitlines() if has_visible(row)), "").split())
    if len(line) <= most:
        return line
    cut = line[: most - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut).rstrip(" ,;:.-") + "…"
