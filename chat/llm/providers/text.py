"""Normalise the text of a model, delta by delta."""

from __future__ import annotations

import re

_ODD = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Normaliser:
    """Makes text safe to store and to send, across the boundaries of deltas.

    Joins surrogate pairs and replaces lone surrogates with U+FFFD, removes NUL and other C0
    controls except newline and tab, and turns CR LF and CR into newline.
    """

    __slots__ = ("_after_cr", "_half")

    def __init__(self) -> None:
        self._half = ""
        self._after_cr = False

    def feed(self, text: str) -> str:
        """Return the safe text of one delta; it may be empty.

        Half a surrogate pair is held back for the next delta.
        """
        if not self._half and not self._after_cr and not _ODD.search(text):
            return text
        return self._slow(text)

    def flush(self) -> str:
        """Return the text that was held back, at the end of the answer."""
        rest, self._half = self._half, ""
        return "\ufffd" if rest else ""

    def _slow(self, text: str) -> str:
        text, self._half = self._half + _CONTROLS.sub("", text), ""
        if text and "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return _join_pairs(self._newlines(text))

    def _newlines(self, text: str) -> str:
        if not text:
            return ""
        if self._after_cr and text[0] == "\n":
            text = text[1:]
        self._after_cr = text.endswith("\r")
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _join_pairs(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
