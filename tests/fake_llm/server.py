"""The scripted server: chat completions, text generation, and the Hub's answers about models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from time import monotonic
from types import TracebackType
from typing import Any, Literal, Self

from tests.fake_llm.control import control
from tests.fake_llm.default import default_script
from tests.fake_llm.dialects import Dialect, dialect_of
from tests.fake_llm.hub import model_info, models
from tests.fake_llm.player import Player
from tests.fake_llm.record import Gates, Request, Watch
from tests.fake_llm.script import Respond, Script, Stall
from tests.fake_llm.wire import TLS_HANDSHAKE, Connection


class Upstream:
    """`async with Upstream() as up:` serves on a free loopback port.

    Scripts are used in the order they were given, each by the first request that it matches; a
    request without one gets the default answer, `delay` seconds between words. `tls` says what
    happens to a client that speaks TLS here: garbage, or silence.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        delay: float = 0.0,
        tls: Literal["garbage", "stall"] = "garbage",
    ) -> None:
        self.port = port
        self.delay = delay
        self.requests: list[Request] = []
        self.models: dict[str, dict[str, Any]] = {}
        # What is answered instead of the list of `models`.
        self.listing: Respond | Stall | None = None
        # What TGI tells of its model at /info.
        self.info: dict[str, Any] | None = None
        self.gates = Gates()
        self.tls_clients = 0
        self._tls = tls
        self._scripts: list[Script] = []
        self._watch = Watch()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def root(self) -> str:
        return f"http://{self.address}"

    @property
    def base_url(self) -> str:
        return f"{self.root}/v1"

    @property
    def chats(self) -> list[Request]:
        """The requests for an answer, without look-ups."""
        return [request for request in self.requests if request.method == "POST"]

    def script(self, *scripts: Script) -> None:
        self._scripts.extend(scripts)

    def release(self, name: str = "gate", count: int = 1) -> None:
        self.gates.release(name, count)

    def reset(self) -> None:
        """Forget scripts, requests and gates; running answers go on up to their next gate."""
        self._scripts.clear()
        self.models.clear()
        self.listing = self.info = None
        self.gates.forget()
        self.requests.clear()

    async def wait_for(self, predicate: Callable[[Upstream], bool], timeout: float = 5.0) -> None:
        """Until the predicate holds of this server. Raises TimeoutError."""
        await self._watch.until(lambda: predicate(self), timeout)

    async def wait_gate(self, name: str = "gate", timeout: float = 5.0) -> None:
        """Until some script waits at this gate."""
        await self.wait_for(lambda up: any(r.gate == name for r in up.requests), timeout)

    def notify(self) -> None:
        self._watch.notify()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A plain callback, so that the tasks are ours to cancel at the end.
        task = asyncio.ensure_future(self._serve(Connection(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, connection: Connection) -> None:
        try:
            first = await connection.reader.readexactly(1)
            if first[0] == TLS_HANDSHAKE:
                await self._speak_tls(connection)
                return
            connection.unread(first)
            await self._answer(connection)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            connection.writer.close()

    async def _speak_tls(self, connection: Connection) -> None:
        if self._tls == "garbage":
            await connection.send(b"this is not TLS\r\n" * 8)
            return
        self.tls_clients += 1
        self.notify()
        await connection.hang_up()
        self.tls_clients -= 1
        self.notify()

    async def _answer(self, connection: Connection) -> None:
        method, path, query, headers = await connection.read_head()
        body = await connection.read_body(headers)
        if path.startswith("/_"):
            await _reply(connection, *await control(self, method, path, body))
            return
        request = Request(method, path, headers, body, query)
        self.requests.append(request)
        self.notify()
        if method == "GET" and path.partition("?")[0].endswith("/models"):
            await self._list_models(connection)
            request.finished_at = monotonic()
            return
        dialect = dialect_of(path, body) if method == "POST" and isinstance(body, dict) else None
        if dialect is None:
            await _reply(connection, *self._look_up(path))
            request.finished_at = monotonic()
            return
        await self._play(connection, request, dialect)

    def _look_up(self, path: str) -> tuple[int, Any]:
        if path.startswith("/api/models/"):
            return model_info(path.removeprefix("/api/models/"), self.models)
        if path == "/info" and self.info is not None:
            return 200, self.info
        return 404, {"error": "not here"}

    async def _list_models(self, connection: Connection) -> None:
        listing = self.listing
        if isinstance(listing, Stall):
            await connection.hang_up()
        elif listing is not None:
            await connection.respond(listing.status, listing.body, listing.content_type)
        else:
            await _reply(connection, 200, models(self.models))

    async def _play(self, connection: Connection, request: Request, dialect: Dialect) -> None:
        player = Player(connection, request, dialect, self.gates, self.notify)
        playing = asyncio.ensure_future(player.play(self._next_script(request)))
        leaving = asyncio.ensure_future(connection.hang_up())
        try:
            await asyncio.wait({playing, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done() and playing.exception() is None:
                request.finished_at = monotonic()
            else:
                request.hung_up_at = monotonic()
        finally:
            for task in (playing, leaving):
                task.cancel()
            await asyncio.gather(playing, leaving, return_exceptions=True)
            self.notify()

    def _next_script(self, request: Request) -> Script:
        question = request.question
        for at, candidate in enumerate(self._scripts):
            if candidate.match in question:
                self._use(at, candidate)
                return candidate
        return default_script(request.body, self.delay)

    def _use(self, at: int, used: Script) -> None:
        if used.times == 1:
            del self._scripts[at]
        elif used.times > 1:
            self._scripts[at] = Script(used.steps, used.match, used.times - 1)


async def _reply(connection: Connection, status: int, data: Any) -> None:
    await connection.respond(status, json.dumps(data).encode(), "application/json")
