"""How often the text of an answer is taken from the model server and leaves for the pages.

A page shows 60 frames a second, so more often than every 16 ms is wasted. All answers of a process
share five hundred frames a second: what comes meanwhile waits where the kernel put it, and is then
read, rendered and sent as one. A busy event loop makes the gap wider still.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

MIN_INTERVAL, MAX_INTERVAL = 0.016, 0.3
# Seconds that each answer adds to the gap of all.
INTERVAL_PER_ANSWER = 0.002
PROBE_INTERVAL = 0.05


class FrameThrottle:
    """`gap` is seconds between frames of one answer."""

    def __init__(self) -> None:
        self.interval = MIN_INTERVAL
        self.delay = 0.0
        self.answers = 0

    @contextmanager
    def track_answer(self) -> Iterator[None]:
        """One answer more is being written meanwhile."""
        self.answers += 1
        self.update_interval()
        try:
            yield
        finally:
            self.answers -= 1
            self.update_interval()

    def record_delay(self, late: float) -> None:
        """Take one measurement of how late the loop runs its timers, seconds: rises at once, falls
        slowly."""
        self.delay = max(late, self.delay * 0.8)
        self.update_interval()

    def update_interval(self) -> None:
        self.interval = min(
            MAX_INTERVAL, max(MIN_INTERVAL, INTERVAL_PER_ANSWER * self.answers, 4 * self.delay)
        )

    async def measure(self) -> None:
        """Measure for as long as the process lives."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE_INTERVAL
            await asyncio.sleep(PROBE_INTERVAL)
            self.record_delay(max(0.0, loop.time() - due - 0.001))


throttle = FrameThrottle()
