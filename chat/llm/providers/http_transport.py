"""HTTP/1.1 by aiohttp under huggingface_hub's client.

Its parser, in C, gives all that came since the last read at once. huggingface_hub's own transport
wakes its reader for each chunk, which was a third of what a token cost (docs/performance-log.md).

A connection whose answer was read to its end may be kept for the next one: with TLS that is two
round trips less before a first word.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import aiohttp
from yarl import URL

from chat.llm.providers.errors import DeadConnectionError
from chat.llm.providers.hf import httpx
from core.net import has_unread_data

# One for the process: making it reads the certificate store, 20 ms that would block the event loop.
SSL = httpx.create_ssl_context()
# Shorter than what firewalls on the way remember: a connection that they forgot looks alive.
_KEEP_SECONDS = 30.0
# For those that look alive nevertheless: how long a request may stay without any sign that it came.
_UNACKNOWLEDGED_MS = 10_000
# A kept connection that ends as soon as it is used was dead before; later, the server ended it.
_DEAD_SECONDS = 1.0
# What a server says last is the end of the body, just after the end of the answer.
_END_SECONDS, _END_BYTES = 1.0, 1_024
_CLOSE_SECONDS = 2.0
# The deadlines are ours, see `clock`.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# What aiohttp would add to a request that is complete.
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

# By event loop, and whether connections are kept; who ends a loop hangs up before.
_sessions: dict[tuple[asyncio.AbstractEventLoop, bool], aiohttp.ClientSession] = {}
# Answers whose connection is kept once their body's end is read.
closing_tasks: set[asyncio.Task[None]] = set()


@dataclass(slots=True)
class _RequestState:
    """One request on its way, as aiohttp's traces see it."""

    on_connected: Callable[[], None]
    is_reused: bool = False
    since: float = field(default_factory=monotonic)


class _Connector(aiohttp.TCPConnector):
    """Gives away a kept connection only if nothing came on it since: aiohttp would take what a
    server says without being asked for the next answer, which is somebody else's."""

    async def connect(self, *args: Any, **options: Any) -> Any:
        while True:
            found = await super().connect(*args, **options)
            if found.protocol is None or not (len(found.protocol) or _has_unread(found.transport)):
                return found
            found.close()


def _has_unread(transport: asyncio.Transport | None) -> bool:
    own = transport.get_extra_info("socket") if transport is not None else None
    return own is not None and has_unread_data(own.fileno())


def _make_socket(place: Any) -> socket.socket:
    """A socket that notices when what it sent is not even received."""
    family, kind, protocol, _, _ = place
    made = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    return made


async def _on_connection_created(_: object, context: Any, __: object) -> None:
    request_state: _RequestState = context.trace_request_ctx
    request_state.is_reused = False
    request_state.on_connected()


async def _on_connection_reused(_: object, context: Any, __: object) -> None:
    request_state: _RequestState = context.trace_request_ctx
    request_state.is_reused = True
    request_state.on_connected()


def _get_session(*, keep_alive: bool) -> aiohttp.ClientSession:
    """The connections of this event loop, kept ones or ones for a single request each."""
    place = asyncio.get_running_loop(), keep_alive
    session = _sessions.get(place)
    if session is None or session.closed:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_on_connection_created)
        trace.on_connection_reuseconn.append(_on_connection_reused)
        session = _sessions[place] = aiohttp.ClientSession(
            connector=_make_connector(keep_alive=keep_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_AUTOMATIC,
            trace_configs=[trace],
        )
    return session


def _make_connector(*, keep_alive: bool) -> aiohttp.TCPConnector:
    if not keep_alive:
        return aiohttp.TCPConnector(ssl=SSL, limit=0, force_close=True)
    return _Connector(
        ssl=SSL, limit=0, keepalive_timeout=_KEEP_SECONDS, socket_factory=_make_socket
    )


async def close_idle_connections() -> None:
    """Close what is kept on this event loop; before the loop ends."""
    here = asyncio.get_running_loop()
    last = [task for task in closing_tasks if task.get_loop() is here]
    for task in last:
        task.cancel()
    await asyncio.gather(*last, return_exceptions=True)
    for keep_alive in (True, False):
        session = _sessions.pop((here, keep_alive), None)
        if session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await session.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends one request. `on_connected` is called when its connection stands, TLS included; one
    that `keep_alive` takes a kept connection, and leaves it.

    Raises what httpx raises: ConnectError, with the cause in its chain, and ReadError, which is
    DeadConnectionError for a kept connection that was dead.
    """

    def __init__(self, on_connected: Callable[[], None], *, keep_alive: bool) -> None:
        self._on_connected = on_connected
        self._keep_alive = keep_alive

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request_state = _RequestState(self._on_connected)
        body = await request.aread()
        with _translate_errors(request_state):
            response = await _get_session(keep_alive=self._keep_alive).request(
                request.method,
                URL(str(request.url), encoded=True),
                data=body,
                headers=_headers(request),
                allow_redirects=False,
                trace_request_ctx=request_state,
            )
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=Body(response)
        )


class Body(httpx.AsyncByteStream):
    """The bytes of a response, as much at once as there is. `is_over` is set by a reader who has
    seen the end of the answer; without it, to close is to hang up."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.is_over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.read():
            yield chunk

    async def read(self) -> bytes:
        """What there is, once there is something; b"" at the end."""
        content = self._response.content
        with _translate_errors():
            try:
                return await content.readany()
            except aiohttp.ClientError:
                # A reader that rested while the connection broke has not had these yet, and
                # aiohttp's own ways of reading give the error in their place.
                if chunk := content._read_nowait(-1):
                    return chunk
                raise

    def read_available(self) -> bytes:
        """What came already; b"" where there is nothing, or an error that `read` has to tell."""
        content = self._response.content
        return b"" if content.exception() is not None else content.read_nowait()

    async def aclose(self) -> None:
        if self.is_over and self._response.connection is not None:
            task = asyncio.create_task(self._read_to_end())
            closing_tasks.add(task)
            task.add_done_callback(closing_tasks.discard)
        else:
            self._response.close()

    async def _read_to_end(self) -> None:
        """Read the end of the body, after which aiohttp keeps the connection; nobody waits."""
        left = _END_BYTES
        try:
            with suppress(aiohttp.ClientError, OSError, TimeoutError, RuntimeError):
                async with asyncio.timeout(_END_SECONDS):
                    while left > 0 and (more := await self._response.content.readany()):
                        left -= len(more)
        finally:
            self._response.close()


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    """All but those that say how the body is sent, which aiohttp decides."""
    ours = {"content-length", "transfer-encoding", "connection"}
    return [(name, value) for name, value in request.headers.items() if name not in ours]


@contextmanager
def _translate_errors(request_state: _RequestState | None = None) -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientConnectorError as exc:
        raise httpx.ConnectError("") from exc
    except (aiohttp.ClientError, OSError) as exc:
        if request_state is not None and _was_dead(exc, request_state):
            raise DeadConnectionError("") from exc
        raise httpx.ReadError("") from exc


def _was_dead(exc: Exception, request_state: _RequestState) -> bool:
    """Whether a reused connection was dead, so that the server never saw the request."""
    # aiohttp puts a partial response head into `message`.
    has_response = not isinstance(getattr(exc, "message", ""), str)
    is_unacknowledged = isinstance(exc, OSError) and exc.errno == errno.ETIMEDOUT
    ended_at_once = monotonic() - request_state.since < _DEAD_SECONDS
    return request_state.is_reused and not has_response and (is_unacknowledged or ended_at_once)
