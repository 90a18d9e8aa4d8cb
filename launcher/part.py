"""One of the parts that the supervisor keeps running."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from launcher.backoff import Backoff
from launcher.failure import StartError


def say(text: str) -> None:
    with suppress(OSError):  # a closed terminal must not keep us from stopping the parts
        print(text, flush=True)


@dataclass(slots=True)
class Part:
    """A part that runs; `name` begins a sentence, `remedy` ends the one about a crash loop."""

    name: str
    alive: Callable[[], bool]
    start: Callable[[], object]
    remedy: str
    backoff: Backoff = field(default_factory=Backoff)
    started: float = field(default_factory=time.monotonic)
    due: float | None = None

    def tend(self) -> None:
        """Notice an end, wait out the back-off, start again."""
        now = time.monotonic()
        if self.due is None and not self.alive():
            self._ended(now, "ended")
        elif self.due is not None and now >= self.due:
            self._restart(now)

    def _ended(self, now: float, how: str) -> None:
        wait = self.backoff.ended(now - self.started)
        self.due = now + wait
        say(f"{self.name} {how}; starting it again in {wait:g} s.")
        if self.backoff.looping:
            say(f"{self.name} has ended {self.backoff.failures} times in a row: {self.remedy}")

    def _restart(self, now: float) -> None:
        self.started, self.due = now, None
        try:
            self.start()
        except (StartError, OSError) as error:
            self._ended(now, f"did not start: {error}")
