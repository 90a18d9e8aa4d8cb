"""How long to wait before a part that ended is started again."""

from dataclasses import dataclass

SHORTEST = 0.5
LONGEST = 30.0
STEADY_SECONDS = 60.0
LOOP_LENGTH = 5


@dataclass(slots=True)
class Backoff:
    """Doubles the wait from 0.5 s to 30 s; a part that ran for a minute begins anew."""

    failures: int = 0

    def ended(self, ran_seconds: float) -> float:
        """Count one end after `ran_seconds` and return the seconds to wait."""
        self.failures = 1 if ran_seconds >= STEADY_SECONDS else self.failures + 1
        return float(min(LONGEST, SHORTEST * 2 ** (self.failures - 1)))

    @property
    def looping(self) -> bool:
        """True at the one moment when a part has ended often enough to tell the person."""
        return self.failures == LOOP_LENGTH
