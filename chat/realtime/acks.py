"""Which frames of a socket its page has acknowledged."""

import asyncio
from collections.abc import Callable


class AckTracker:
    """`sent` and `acknowledged` are numbers of frames, counted from 1.

    `on_timeout` is called when the newest frame is not acknowledged within `timeout` seconds. There
    is only one timer, which checks again when the newest frame is due: a timer for each frame would
    cost as much as reading its acknowledgement.
    """

    def __init__(self, timeout: float, on_timeout: Callable[[], None]) -> None:
        self.sent = self.acknowledged = 0
        self._timeout = timeout
        self._on_timeout = on_timeout
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._progress = asyncio.Event()

    def next_seq(self) -> int:
        """Return the number of the next frame, which is about to be sent."""
        loop = asyncio.get_running_loop()
        self.sent += 1
        self._deadline = loop.time() + self._timeout
        if self._timer is None:
            self._timer = loop.call_at(self._deadline, self._check_deadline)
        return self.sent

    def acknowledge(self, seq: int) -> None:
        """Note that the page applied all frames up to this one; larger numbers mean the last."""
        self.acknowledged = max(self.acknowledged, min(seq, self.sent))
        self._progress.set()

    async def wait_for_all(self) -> None:
        """Wait until every frame is acknowledged."""
        while self.acknowledged < self.sent:
            self._progress.clear()
            await self._progress.wait()

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check_deadline(self) -> None:
        self._timer = None
        if self.acknowledged < self.sent:
            loop = asyncio.get_running_loop()
            if loop.time() < self._deadline:
                self._timer = loop.call_at(self._deadline, self._check_deadline)
            else:
                self._on_timeout()
