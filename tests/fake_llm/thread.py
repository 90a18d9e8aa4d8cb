"""The scripted server in a thread with a loop of its own, for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.fake_llm.record import Request
from tests.fake_llm.script import Respond, Script, Stall
from tests.fake_llm.server import Upstream

_T = TypeVar("_T")


class UpstreamThread:
    """`with UpstreamThread() as up:`; every method may be called from any thread."""

    def __init__(self, *, delay: float = 0.0) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="upstream", daemon=True)
        self._up = Upstream(delay=delay)

    @property
    def port(self) -> int:
        return self._up.port

    @property
    def address(self) -> str:
        return self._up.address

    @property
    def root(self) -> str:
        return self._up.root

    @property
    def base_url(self) -> str:
        return self._up.base_url

    @property
    def requests(self) -> list[Request]:
        return list(self._up.requests)

    @property
    def chats(self) -> list[Request]:
        return list(self._up.chats)

    def script(self, *scripts: Script) -> None:
        self._call(self._up.script, *scripts)

    def offer(
        self, models: dict[str, dict[str, Any]], listing: Respond | Stall | None = None
    ) -> None:
        """Offer these models; `listing` is what is answered instead of their list."""

        def change() -> None:
            self._up.models = models
            self._up.listing = listing

        self._call(change)

    def release(self, name: str = "gate", count: int = 1) -> None:
        self._call(self._up.release, name, count)

    def reset(self) -> None:
        self._call(self._up.reset)

    def wait_for(self, predicate: Callable[[Upstream], bool], timeout: float = 5.0) -> None:
        """Until the predicate, called in the server's thread, holds. Raises TimeoutError."""
        self._run(self._up.wait_for(predicate, timeout))

    def wait_gate(self, name: str = "gate", timeout: float = 5.0) -> None:
        self._run(self._up.wait_gate(name, timeout))

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._up.__aenter__())
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._run(self._up.__aexit__(None, None, None))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5.0)
        self._loop.close()

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        async def run() -> None:
            function(*arguments)

        self._run(run())

    def _run(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60.0)
