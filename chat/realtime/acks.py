"""The frames that one socket has sent, and those that its page has acknowledged."""

import asyncio
from collections.abc import Callable


class AckTracker:
    """`sent` and `acknowledged` are numbers of frames, counted from 1. `overdue` is called once the
    newest frame was not acknowledged for so many seconds.

    A timer for each frame would cost as much as reading its acknowledgement: there is one at most,
    which looks again when the newest frame may be overdue.
    """

    def __init__(self, seconds: float, overdue: Callable[[], None]) -> None:
        self.sent = self.acknowledged = 0
        self._seconds = seconds
        self._overdue = overdue
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._progress = asyncio.Event()

    def next_seq(self) -> int:
        """Of the next frame, which leaves now."""
        loop = asyncio.get_running_loop()
        self.sent += 1
        self._due = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(self._due, self._look)
        return self.sent

    def acknowledge(self, number: int) -> None:
        """The page has applied every frame up to this one; beyond the last frame counts as it."""
        self.acknowledged = max(self.acknowledged, min(number, self.sent))
        self._progress.set()

    async def wait_for_all(self) -> None:
        """Until every frame is acknowledged."""
        while self.acknowledged < self.sent:
            self._progress.clear()
            await self._progress.wait()

    def close(self) -> None:
        """Nobody waits for acknowledgements any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self.acknowledged < self.sent:
            loop = asyncio.get_running_loop()
            if loop.time() < self._due:
                self._timer = loop.call_at(self._due, self._look)
            else:
                self._overdue()
