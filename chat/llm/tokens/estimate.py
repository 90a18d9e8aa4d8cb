"""An over-estimate of tokens from bytes alone."""

from __future__ import annotations

import string

_LETTERS = (string.ascii_letters + " ").encode()
_ASCII = bytes(range(128))


def estimate_tokens(text: str) -> int:
    """A third of the ASCII letters and spaces, two thirds of the bytes beyond ASCII, four thirds of
    every other sign, rounded up.

    Prose takes about four letters a token; a digit or a sign may take one each and a further one
    for the space before it, a Chinese character (three bytes) up to two.
    """
    data = text.encode()
    beyond = len(data.translate(None, _ASCII))
    signs = len(data.translate(None, _LETTERS)) - beyond
    letters = len(data) - signs - beyond
    return -(-(letters + 2 * beyond + 4 * signs) // 3)
