"""Estimate tokens from bytes alone, on the high side."""

from __future__ import annotations

import string

_LETTERS = (string.ascii_letters + " ").encode()
_ASCII = bytes(range(128))


def estimate_tokens(text: str) -> int:
    """Return 1/3 token per ASCII letter or space, 2/3 per non-ASCII byte, 4/3 per other character.

    The sum is rounded up. English prose has about four letters per token. A digit or punctuation
    mark may take a token of its own and one for the space before it, and a Chinese character
    (three bytes) up to two.
    """
    data = text.encode()
    non_ascii = len(data.translate(None, _ASCII))
    symbols = len(data.translate(None, _LETTERS)) - non_ascii
    letters = len(data) - symbols - non_ascii
    return -(-(letters + 2 * non_ascii + 4 * symbols) // 3)
