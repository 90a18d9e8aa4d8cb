"""Cut answers of completion models at stop sequences, which servers include or ignore."""

from __future__ import annotations


class StopFilter:
    """Passes text through up to the first stop sequence; `hit` tells that there was one.

    An ending that may be the start of a stop sequence is held back.
    """

    __slots__ = ("_held", "_stops", "hit")

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """Return the text that is certain; "" after a hit."""
        if self.hit or not self._stops:
            return "" if self.hit else text
        text, self._held = self._held + text, ""
        starts = [start for stop in self._stops if (start := text.find(stop)) >= 0]
        if starts:
            self.hit = True
            return text[: min(starts)]
        end = len(text) - max(_overlap(text, stop) for stop in self._stops)
        text, self._held = text[:end], text[end:]
        return text

    def flush(self) -> str:
        """Return the text that was held back, at the end of the answer."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest suffix of `text` that is a prefix of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
