"""What is accepted: sizes and characters of the text that people send."""

import re

from chat.errors import ChatError
from chat.providers import has_visible

MESSAGE_CHARS = 32_000
TITLE_CHARS = 200


def checked_text(text: str) -> str:
    """The text as it is stored: see `storable`; no blank ends.

    Raises ChatError `empty_message` or `message_too_long`.
    """
    text = storable(text).strip()
    if not has_visible(text):
        raise ChatError("empty_message")
    if len(text) > MESSAGE_CHARS:
        raise ChatError("message_too_long")
    return text


# What word processors and terminals put at the end of a line.
NEWLINES = re.compile("\r\n?|[\x0b\x0c\x85]")
# Other control characters and lone surrogates: Postgres, JSON or a socket cannot carry them.
LOST = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def storable(text: str) -> str:
    """Newlines as LF, and none of the characters that a paste may bring and nobody sees."""
    return LOST.sub("", NEWLINES.sub("\n", text))


def checked_title(text: str) -> str:
    """One line of at most 200 characters. Raises ChatError `empty_title`."""
    title = " ".join(storable(text).split())
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
