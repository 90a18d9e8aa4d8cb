"""A process that the supervisor keeps running."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from launcher.backoff import Backoff
from launcher.failure import StartError


def say(text: str) -> None:
    """Print a line for the user at the terminal."""
    with suppress(OSError):  # a closed terminal must not keep us from stopping the parts
        print(text, flush=True)


@dataclass(slots=True)
class Part:
    """A part that is restarted when it ends.

    Messages start with `name`; the one about a crash loop ends with `remedy`. `due` is the
    monotonic time of the next restart, None while the part runs.
    """

    name: str
    alive: Callable[[], bool]
    start: Callable[[], object]
    remedy: str
    backoff: Backoff = field(default_factory=Backoff)
    started: float = field(default_factory=time.monotonic)
    due: float | None = None

    def tend(self) -> None:
        """Check whether the part has ended, and restart it once its delay is over."""
        now = time.monotonic()
        if self.due is None and not self.alive():
            self._ended(now, "ended")
        elif self.due is not None and now >= self.due:
            self._restart(now)

    def _ended(self, now: float, how: str) -> None:
        """Schedule the restart, and tell the user."""
        delay = self.backoff.ended(now - self.started)
        self.due = now + delay
        say(f"{self.name} {how}. Restarting it in {delay:g} s.")
        if self.backoff.looping:
            say(f"{self.name} has ended {self.backoff.failures} times in a row: {self.remedy}")

    def _restart(self, now: float) -> None:
        """Start the part; a failure counts as an end."""
        self.started, self.due = now, None
        try:
            self.start()
        except (StartError, OSError) as error:
            self._ended(now, f"did not start: {error}")
