"""Stop strings of completion models, which servers send before they stop, or know nothing of."""

from __future__ import annotations


class StopFilter:
    """Passes text on up to the first stop string; holds back what may be the start of one."""

    __slots__ = ("_held", "_stops", "hit")

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.hit = False

    def feed(self, text: str) -> str:
        """The text that may be shown now; nothing more after a hit."""
        if self.hit or not self._stops:
            return "" if self.hit else text
        text, self._held = self._held + text, ""
        ends = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if ends:
            self.hit = True
            return text[: min(ends)]
        keep = len(text) - max(_overlap(text, stop) for stop in self._stops)
        text, self._held = text[:keep], text[keep:]
        return text

    def flush(self) -> str:
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that is a start of `stop`."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)
