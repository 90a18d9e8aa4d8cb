"""How often frames leave: 16 ms apart on an idle event loop, wider as it gets busy.

A page shows 60 frames a second, so more often is wasted; a busy loop needs fewer, larger frames.
"""

import asyncio

NARROWEST, WIDEST = 0.016, 0.2
PROBE = 0.05


class Pace:
    """`gap` is seconds between frames of one answer, from how late the loop runs its timers."""

    def __init__(self) -> None:
        self.gap = NARROWEST
        self.late = 0.0

    def seen(self, late: float) -> None:
        """Take one measurement, seconds: rises at once, falls slowly."""
        self.late = max(late, self.late * 0.8)
        self.gap = min(WIDEST, max(NARROWEST, 4 * self.late))

    async def measure(self) -> None:
        """Measure for as long as the process lives."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + PROBE
            await asyncio.sleep(PROBE)
            self.seen(max(0.0, loop.time() - due - 0.001))


pace = Pace()
