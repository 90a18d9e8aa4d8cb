"""HTTP/1.1 by aiohttp under huggingface_hub's client.

Its parser, in C, gives all that came since the last read at once. huggingface_hub's own transport
wakes its reader for each chunk, which was a third of what a token cost (docs/performance.md).

A connection whose answer was read to its end is kept for the next one: with TLS that is two round
trips less before a first word.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import aiohttp
from yarl import URL

from chat.providers.hub import httpx

# One for the process: making it reads the certificate store, 20 ms that would block the event loop.
SSL = httpx.create_ssl_context()
# Shorter than what firewalls on the way remember: a connection that they forgot looks alive.
_KEEP_SECONDS = 30.0
# What a server says last is the end of the body, just after the end of the answer.
_END_SECONDS = 1.0
# The deadlines are ours, see `clock`.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# What aiohttp would add to a request that is complete.
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

# By event loop; who ends one hangs up before.
_sessions: dict[asyncio.AbstractEventLoop, aiohttp.ClientSession] = {}
_ending: set[asyncio.Task[None]] = set()


@dataclass(slots=True)
class _Sending:
    """One request on its way, as aiohttp's traces see it."""

    on_connected: Callable[[], None]
    kept: bool = False


async def _made(_: object, context: object, __: object) -> None:
    _sending(context).on_connected()


async def _found(_: object, context: object, __: object) -> None:
    sending = _sending(context)
    sending.kept = True
    sending.on_connected()


def _sending(context: object) -> _Sending:
    found: _Sending = context.trace_request_ctx  # type: ignore[attr-defined]
    return found


def _session() -> aiohttp.ClientSession:
    """The connections of this event loop."""
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_made)
        trace.on_connection_reuseconn.append(_found)
        session = _sessions[loop] = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=SSL, limit=0, keepalive_timeout=_KEEP_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_AUTOMATIC,
            trace_configs=[trace],
        )
    return session


async def hang_up() -> None:
    """Close the connections of this event loop that are kept."""
    session = _sessions.pop(asyncio.get_running_loop(), None)
    if session is not None:
        await session.close()


class Wire(httpx.AsyncBaseTransport):
    """Sends one request. `on_connected` is called when its connection stands, TLS included.

    Raises what httpx raises: ConnectError, with the cause in its chain, and ReadError.
    """

    def __init__(self, on_connected: Callable[[], None]) -> None:
        self._on_connected = on_connected

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        with _as_httpx():
            response = await self._sent(request, body)
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=Body(response)
        )

    async def _sent(self, request: httpx.Request, body: bytes) -> aiohttp.ClientResponse:
        """A server may hang up on a kept connection while the request is on its way to it: nothing
        came back then, and another connection is taken, in the end a new one."""
        while True:
            sending = _Sending(self._on_connected)
            try:
                return await _session().request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    data=body,
                    headers=_headers(request),
                    allow_redirects=False,
                    trace_request_ctx=sending,
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not sending.kept:
                    raise


class Body(httpx.AsyncByteStream):
    """The bytes of a response, as much at once as there is. `is_over` is set by a reader who has
    seen the end of the answer; without it, to close is to hang up."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.is_over = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        content = self._response.content
        with _as_httpx():
            try:
                async for chunk in content.iter_any():
                    yield chunk
            except aiohttp.ClientError:
                # A reader that rested while the connection broke has not had these yet, and
                # aiohttp's own ways of reading give the error in their place.
                if chunk := content._read_nowait(-1):
                    yield chunk
                raise

    async def aclose(self) -> None:
        if self.is_over and self._response.connection is not None:
            task = asyncio.create_task(self._end())
            _ending.add(task)
            task.add_done_callback(_ending.discard)
        else:
            self._response.close()

    async def _end(self) -> None:
        """Read the end of the body, after which aiohttp keeps the connection; nobody waits."""
        try:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with asyncio.timeout(_END_SECONDS):
                    # More than an end is no answer's: its connection is not kept.
                    await self._response.content.readany()
        finally:
            self._response.close()


def _headers(request: httpx.Request) -> list[tuple[str, str]]:
    """All but those that say how the body is sent, which aiohttp decides."""
    ours = {"content-length", "transfer-encoding", "connection"}
    return [(name, value) for name, value in request.headers.items() if name not in ours]


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except aiohttp.ClientConnectorError as exc:
        raise httpx.ConnectError("") from exc
    except (aiohttp.ClientError, OSError) as exc:
        raise httpx.ReadError("") from exc
