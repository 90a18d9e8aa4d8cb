"""Limit how often the text of an answer is read from the provider and sent to pages.

A screen shows 60 frames a second, so an interval below 16 ms is wasted. All answers of a process
share 500 frames a second. Text that arrives meanwhile waits in the kernel's buffer, and is then
read, rendered and sent together. A busy event loop makes the interval longer.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

MIN_INTERVAL, MAX_INTERVAL = 0.016, 0.3
# Seconds that each answer adds to the interval of all.
INTERVAL_PER_ANSWER = 0.002
PROBE_INTERVAL = 0.05


class FrameThrottle:
    """`interval` are the seconds between frames of one answer, `delay` how late timers fire."""

    def __init__(self) -> None:
        self.interval = MIN_INTERVAL
        self.delay = 0.0
        self.answers = 0

    @contextmanager
    def track_answer(self) -> Iterator[None]:
        """Count one more answer inside of the `with` block."""
        self.answers += 1
        self.update_interval()
        try:
            yield
        finally:
            self.answers -= 1
            self.update_interval()

    def record_delay(self, delay: float) -> None:
        """Take a measurement of how late timers fire; the value rises at once and falls slowly."""
        self.delay = max(delay, self.delay * 0.8)
        self.update_interval()

    def update_interval(self) -> None:
        self.interval = min(
            MAX_INTERVAL, max(MIN_INTERVAL, INTERVAL_PER_ANSWER * self.answers, 4 * self.delay)
        )

    async def measure(self) -> None:
        """Measure the delay again and again, for as long as the process lives."""
        loop = asyncio.get_running_loop()
        while True:
            deadline = loop.time() + PROBE_INTERVAL
            await asyncio.sleep(PROBE_INTERVAL)
            self.record_delay(max(0.0, loop.time() - deadline - 0.001))


throttle = FrameThrottle()
