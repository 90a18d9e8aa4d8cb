"""Record the marks that one person received of one answer."""

import asyncio
from dataclasses import dataclass, field

from benchmarks.marks import LENGTH, MARK, lag_ms, now_ticks


@dataclass
class SeenAnswer:
    """The marks of one answer; `started_at` is in ticks (`marks.now_ticks`), `lags_ms` by mark."""

    started_at: int = field(default_factory=now_ticks)
    first_ms: float = 0.0
    lags_ms: dict[bytes, float] = field(default_factory=dict)
    frames: int = 0
    size: int = 0
    complete: bool = False
    tail: bytes = b""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self, data: bytes) -> None:
        """Record the new marks in received bytes, including one that the last bytes cut in two."""
        self.frames += 1
        self.size += len(data)
        ticks = now_ticks()
        for digits in MARK.findall(self.tail + data):
            # A new thread repeats the marks of earlier answers.
            if digits not in self.lags_ms and lag_ms(digits, self.started_at) <= 0:
                self.lags_ms[digits] = lag_ms(digits, ticks)
                self.first_ms = self.first_ms or (ticks - self.started_at) / 10
        self.tail = data[-LENGTH + 1 :]

    def finish(self) -> None:
        self.complete = True
        self.done.set()

    async def wait_until_done(self, timeout: float) -> "SeenAnswer":
        """Wait for the end of the answer for up to `timeout` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self.done.wait()
        except TimeoutError:
            self.complete = False
        return self
