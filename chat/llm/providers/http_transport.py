"""Send the requests of huggingface_hub's client through aiohttp.

aiohttp's parser is written in C and returns everything received since the last read.
huggingface_hub's own transport wakes its reader for each chunk, which took a third of the CPU time
of a token (docs/performance-log.md).

A connection whose response was read to the end may be reused: with TLS that saves two round trips
before the first word.
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
from core.tasks import TaskSet

# One per process: creating it reads the certificate store, which blocks for 20 ms.
SSL = httpx.create_ssl_context()
# Shorter than the memory of firewalls: a connection that they have dropped still looks alive.
_KEEP_SECONDS = 30.0
# How long the server's machine may leave a request unacknowledged (TCP_USER_TIMEOUT).
_UNACKNOWLEDGED_MS = 10_000
# A reused connection that fails within this time was already dead; later the server closed it.
_DEAD_SECONDS = 1.0
# After the last event only the end of the body is missing; limits for reading it.
_END_SECONDS, _END_BYTES = 1.0, 1_024
_CLOSE_SECONDS = 2.0
# Deadlines are enforced by `deadlines.DeadlineTimer`.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# Headers that aiohttp would otherwise add.
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

# By event loop and keep-alive; `close_idle_connections` closes them before a loop ends.
_sessions: dict[tuple[asyncio.AbstractEventLoop, bool], aiohttp.ClientSession] = {}
# Tasks that read the end of a body, after which aiohttp keeps the connection.
closing_tasks = TaskSet()


@dataclass(slots=True)
class _RequestState:
    """The state of one request, updated by aiohttp's trace signals."""

    on_connected: Callable[[], None]
    is_reused: bool = False
    since: float = field(default_factory=monotonic)


class _Connector(aiohttp.TCPConnector):
    """Closes an idle connection on which data arrived, instead of reusing it.

    aiohttp would take the data for the response to the next request, which may be another user's.
    """

    async def connect(self, *args: Any, **options: Any) -> Any:
        while True:
            connection = await super().connect(*args, **options)
            protocol = connection.protocol
            if protocol is None or not (len(protocol) or _has_unread(connection.transport)):
                return connection
            connection.close()


def _has_unread(transport: asyncio.Transport | None) -> bool:
    raw_socket = transport.get_extra_info("socket") if transport is not None else None
    return raw_socket is not None and has_unread_data(raw_socket.fileno())


def _make_socket(address_info: Any) -> socket.socket:
    """Return a socket that fails if the peer does not acknowledge what was sent (on Linux)."""
    family, kind, protocol, _, _ = address_info
    new_socket = socket.socket(family, kind, protocol)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        new_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    return new_socket


async def _on_connection_created(_: object, context: Any, __: object) -> None:
    request_state: _RequestState = context.trace_request_ctx
    request_state.is_reused = False
    request_state.on_connected()


async def _on_connection_reused(_: object, context: Any, __: object) -> None:
    request_state: _RequestState = context.trace_request_ctx
    request_state.is_reused = True
    request_state.on_connected()


def _get_session(*, keep_alive: bool) -> aiohttp.ClientSession:
    """Return this event loop's session, with or without reuse of connections."""
    key = asyncio.get_running_loop(), keep_alive
    session = _sessions.get(key)
    if session is None or session.closed:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_on_connection_created)
        trace.on_connection_reuseconn.append(_on_connection_reused)
        session = _sessions[key] = aiohttp.ClientSession(
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
    """Close the idle connections of this event loop; call it before the loop ends."""
    loop = asyncio.get_running_loop()
    tasks = [task for task in closing_tasks if task.get_loop() is loop]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for keep_alive in (True, False):
        session = _sessions.pop((loop, keep_alive), None)
        if session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await session.close()


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends one request, on a connection that may be reused with `keep_alive`.

    `on_connected` is called when the connection is established, including TLS. Raises exceptions of
    httpx: ConnectError with its cause, ReadError, or its subclass DeadConnectionError.
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
    """The body of a response, read in chunks as large as available.

    Set `is_over` when the last event was read, so that `aclose` may keep the connection; otherwise
    `aclose` closes it.
    """

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.is_over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await self.read():
            yield chunk

    async def read(self) -> bytes:
        """Wait for bytes and return all that are available; b"" at the end."""
        content = self._response.content
        with _translate_errors():
            try:
                return await content.readany()
            except aiohttp.ClientError:
                # These arrived before the connection broke; aiohttp's public methods would raise
                # the error instead of returning them.
                if chunk := content._read_nowait(-1):
                    return chunk
                raise

    def read_available(self) -> bytes:
        """Return the bytes that have arrived; b"" for none, or if `read` has to raise an error."""
        content = self._response.content
        return b"" if content.exception() is not None else content.read_nowait()

    async def aclose(self) -> None:
        if self.is_over and self._response.connection is not None:
            closing_tasks.start(self._read_to_end())
        else:
            self._response.close()

    async def _read_to_end(self) -> None:
        """Read the end of the body in the background, after which aiohttp keeps the connection."""
        remaining = _END_BYTES
        try:
            with suppress(aiohttp.ClientError, OSError, TimeoutError, RuntimeError):
                async with asyncio.timeout(_END_SECONDS):
                    while remaining > 0 and (chunk := await self._response.content.readany()):
                        remaining -= len(chunk)
        finally:
            self._response.close()


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    """Return the request's headers without those that aiohttp sets itself."""
    omitted = {"content-length", "transfer-encoding", "connection"}
    return [(name, value) for name, value in request.headers.items() if name not in omitted]


@contextmanager
def _translate_errors(request_state: _RequestState | None = None) -> Iterator[None]:
    """Turn exceptions of aiohttp into those of httpx."""
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
