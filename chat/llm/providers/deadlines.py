"""Track the four deadlines of an answer, on the event loop's monotonic clock."""

from __future__ import annotations

from asyncio import get_running_loop

from chat.llm.providers.errors import AttemptError
from chat.llm.providers.types import Deadlines
from chat.provider_error import Evidence

# Seconds between a finish reason and whatever follows it: token counts, more text or the end.
_GRACE_SECONDS = 5.0


class DeadlineTimer:
    """The next deadline of one attempt: its time `when`, and the error `code` if it passes."""

    __slots__ = ("_deadlines", "_now", "_started", "_total_at", "code", "seconds", "when")

    def __init__(self, deadlines: Deadlines, total_at: float) -> None:
        self._now = get_running_loop().time
        self._deadlines = deadlines
        self._total_at = total_at
        self._started = self._now()
        self._set(self._started, deadlines.connect, "connect_timeout")

    @property
    def is_past(self) -> bool:
        """Return whether the deadline has passed."""
        return self._now() >= self.when

    def on_connected(self) -> None:
        """Wait for the first token from now on."""
        self._set(self._started, self._deadlines.first_token, "first_token_timeout")

    def on_token(self) -> None:
        """Restart the idle deadline."""
        self._set(self._now(), self._deadlines.idle, "idle_timeout")

    def on_finished(self) -> None:
        """Allow a few more seconds after a finish reason."""
        self._set(self._now(), min(_GRACE_SECONDS, self._deadlines.idle), "idle_timeout")

    def error(self, *, kept_alive: bool = False) -> AttemptError:
        """Return the error of this deadline; `kept_alive` tells that bytes came, but no token."""
        evidence = Evidence(seconds=self.seconds, kept_alive=kept_alive)
        return AttemptError(self.code, evidence=evidence)

    def _set(self, start: float, seconds: float, code: str) -> None:
        if start + seconds < self._total_at:
            self.when, self.seconds, self.code = start + seconds, seconds, code
        else:
            self.when, self.seconds = self._total_at, self._deadlines.total
            self.code = "total_timeout"
