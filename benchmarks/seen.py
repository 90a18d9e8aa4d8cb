"""What one person saw of one answer."""

import asyncio
from dataclasses import dataclass, field

from benchmarks.marks import LENGTH, MARK, lag_ms, now_ticks


@dataclass
class Seen:
    """Times are in ticks of the monotonic clock (`marks.now_ticks`), lags in milliseconds."""

    began: int = field(default_factory=now_ticks)
    first_ms: float = 0.0
    lags_ms: dict[bytes, float] = field(default_factory=dict)
    frames: int = 0
    size: int = 0
    complete: bool = False
    tail: bytes = b""
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def read(self, data: bytes) -> None:
        """Take the new marks out of what arrived; a mark may be cut by its end."""
        self.frames += 1
        self.size += len(data)
        now = now_ticks()
        for digits in MARK.findall(self.tail + data):
            # Marks of an earlier answer may come again with the thread.
            if digits not in self.lags_ms and lag_ms(digits, self.began) <= 0:
                self.lags_ms[digits] = lag_ms(digits, now)
                self.first_ms = self.first_ms or (now - self.began) / 10
        self.tail = data[-LENGTH + 1 :]

    def finish(self) -> None:
        self.complete = True
        self.done.set()

    async def end(self, patience: float) -> "Seen":
        """Wait for the end of the answer; one that never ends stays incomplete."""
        try:
            async with asyncio.timeout(patience):
                await self.done.wait()
        except TimeoutError:
            self.complete = False
        return self
