"""Compute the delay before a part that has ended is restarted."""

from dataclasses import dataclass

SHORTEST = 0.5
LONGEST = 30.0
STEADY_SECONDS = 60.0
LOOP_LENGTH = 5


@dataclass(slots=True)
class Backoff:
    """Exponential back-off: the delay doubles from 0.5 s to 30 s.

    It restarts at 0.5 s after a part has run for a minute.
    """

    failures: int = 0

    def ended(self, ran_seconds: float) -> float:
        """Record that the part ended after `ran_seconds`, and return the delay in seconds."""
        self.failures = 1 if ran_seconds >= STEADY_SECONDS else self.failures + 1
        return float(min(LONGEST, SHORTEST * 2 ** (self.failures - 1)))

    @property
    def looping(self) -> bool:
        """Return whether to report a crash loop now: true only for failure number LOOP_LENGTH."""
        return self.failures == LOOP_LENGTH
