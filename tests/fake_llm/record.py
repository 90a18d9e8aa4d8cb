"""What the scripted server saw, for tests to look at."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from tests.fake_llm.default import question_of


@dataclass(slots=True)
class Request:
    """One request. Times are of the monotonic clock, in seconds.

    `finished_at`: the script came to its end; `hung_up_at`: the client closed before that.
    `gate`: the name of the gate that the script waits at. `sent`: event lines sent.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    query: str = ""
    received_at: float = field(default_factory=monotonic)
    finished_at: float | None = None
    hung_up_at: float | None = None
    gate: str | None = None
    sent: int = 0

    @property
    def question(self) -> str:
        return question_of(self.body)

    @property
    def hung_up(self) -> bool:
        return self.hung_up_at is not None

    @property
    def finished(self) -> bool:
        return self.finished_at is not None

    def to_json(self) -> dict[str, Any]:
        names = ("method", "path", "headers", "body", "gate", "sent")
        states = {"hung_up": self.hung_up, "finished": self.finished, "question": self.question}
        return {name: getattr(self, name) for name in names} | states


class Watch:
    """Lets any number of waiters look again whenever something changed."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, predicate: Callable[[], bool], timeout: float) -> None:
        """Raises TimeoutError."""
        async with asyncio.timeout(timeout):
            while not predicate():
                await self._changed.wait()


class Gates:
    """Named gates; a release lets one waiter pass, now or when it comes."""

    def __init__(self) -> None:
        self._permits: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(0)
        )

    async def pass_through(self, name: str) -> None:
        await self._permits[name].acquire()

    def forget(self) -> None:
        """Who waits now waits for good: a later release is not for them."""
        self._permits.clear()

    def release(self, name: str, count: int) -> None:
        for _ in range(count):
            self._permits[name].release()
