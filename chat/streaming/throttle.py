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
        self.gap = MIN_INTERVAL
        self.late = 0.0
        self.answers = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """One answer more is being written meanwhile."""
        self.answers += 1
        self.weigh()
        try:
            yield
        finally:
            self.answers -= 1
            self.weigh()

    def seen(self, late: float) -> None:
        """Take one measurement of how late the loop runs its timers, seconds: rises at once, falls
        slowly."""
        self.late = max(late, self.late * 0.8)
        self.weigh()

    def weigh(self) -> None:
        self.gap = min(
            MAX_INTERVAL, max(MIN_INTERVAL, INTERVAL_PER_ANSWER * self.answers, 4 * self.late)
        )

    async def measure(self) -> None:
        """Measure for as long as the process lives."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE_INTERVAL
            await asyncio.sleep(PROBE_INTERVAL)
            self.seen(max(0.0, loop.time() - due - 0.001))


throttle = FrameThrottle()
