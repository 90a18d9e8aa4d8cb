"""Send the requests of huggingface_hub's client through aiohttp.

aiohttp's parser is written in C and returns everything received since the last read.
huggingface_hub's own transport wakes its reader for each chunk, which took a third of the CPU time
of a token (docs/performance-log.md).
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic

import aiohttp
from yarl import URL

from chat.llm.providers.connections import RequestState, closing_tasks, get_session
from chat.llm.providers.errors import DeadConnectionError
from chat.llm.providers.hf import httpx

# A reused connection that fails within this time was already dead; later the server closed it.
_DEAD_SECONDS = 1.0
# After the last event only the end of the body is missing; limits for reading it.
_END_SECONDS, _END_BYTES = 1.0, 1_024


class AiohttpTransport(httpx.AsyncBaseTransport):
    """Sends one request, on a connection that may be reused with `keep_alive`.

    `on_connected` is called when the connection is established, including TLS. Raises exceptions of
    httpx: ConnectError with its cause, RemoteProtocolError if the connection was closed within the
    body, ReadError, or its subclass DeadConnectionError.
    """

    def __init__(self, on_connected: Callable[[], None], *, keep_alive: bool) -> None:
        self._on_connected = on_connected
        self._keep_alive = keep_alive

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request_state = RequestState(self._on_connected)
        body = await request.aread()
        with _translate_errors(request_state):
            response = await get_session(keep_alive=self._keep_alive).request(
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
def _translate_errors(request_state: RequestState | None = None) -> Iterator[None]:
    """Turn exceptions of aiohttp into those of httpx."""
    try:
        yield
    except aiohttp.ClientConnectorError as exc:
        raise httpx.ConnectError("") from exc
    except (aiohttp.ClientError, OSError) as exc:
        if _was_closed(exc):
            raise httpx.RemoteProtocolError("") from exc
        if request_state is not None and _was_dead(exc, request_state):
            raise DeadConnectionError("") from exc
        raise httpx.ReadError("") from exc


def _was_closed(exc: Exception) -> bool:
    """Return whether the server closed the connection in order, but before the body's end.

    aiohttp appends the error of a connection that broke to the message.
    """
    return isinstance(exc, aiohttp.ClientPayloadError) and "Error(" not in str(exc)


def _was_dead(exc: Exception, request_state: RequestState) -> bool:
    """Return whether a reused connection was dead, so that the server never saw the request."""
    # aiohttp puts a partial response head into `message`.
    has_response = not isinstance(getattr(exc, "message", ""), str)
    is_unacknowledged = isinstance(exc, OSError) and exc.errno == errno.ETIMEDOUT
    ended_at_once = monotonic() - request_state.since < _DEAD_SECONDS
    return request_state.is_reused and not has_response and (is_unacknowledged or ended_at_once)
