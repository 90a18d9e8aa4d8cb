"""What a model thinks before it answers, while it does."""

import time


class LiveThinking:
    """The thoughts of an answer so far; `text` may start with those of an earlier run.

    `milliseconds` is how long the model has thought in this run, None if it has not. `is_active`
    tells that no text has followed yet.
    """

    def __init__(self, earlier: str = "") -> None:
        self._pieces = [earlier]
        self._started_at: float | None = None
        self.milliseconds: int | None = None
        self.is_active = False

    @property
    def text(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def feed(self, thoughts: str) -> None:
        """Add thoughts."""
        self._pieces.append(thoughts)
        self.is_active = True
        self.milliseconds = self._elapsed()

    def feed_text(self) -> None:
        """Note that text arrived, which ends the thoughts."""
        elapsed = self._elapsed()
        if self.is_active:
            self.is_active, self.milliseconds = False, elapsed

    def _elapsed(self) -> int:
        """Return the milliseconds since the first token."""
        now = time.monotonic()
        if self._started_at is None:
            self._started_at = now
        return round((now - self._started_at) * 1000)
