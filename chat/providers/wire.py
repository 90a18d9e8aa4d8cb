"""HTTP/1.1 by aiohttp under huggingface_hub's client.

Its parser, in C, gives all that came since the last read at once. huggingface_hub's own transport
wakes its reader for each chunk, which was a third of what a token cost (docs/performance.md).
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from chat.providers.hub import httpx

# The deadlines are ours, see `clock`.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# What aiohttp would add to a request that is complete.
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")


class Wire(httpx.AsyncBaseTransport):
    """One connection for one request. `on_connected` is called when it stands, TLS included.

    Raises what httpx raises: ConnectError, with the cause in its chain, and ReadError.
    """

    def __init__(self, verify: ssl.SSLContext, on_connected: Callable[[], None]) -> None:
        self._verify = verify
        self._on_connected = on_connected
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(self._connected)
        connector = aiohttp.TCPConnector(ssl=self._verify, limit=0, force_close=True)
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_AUTOMATIC,
            trace_configs=[trace],
        )

    async def _connected(self, *_: object) -> None:
        self._on_connected()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._session = self._open()
        try:
            with _as_httpx():
                response = await self._session.request(
                    request.method,
                    URL(str(request.url), encoded=True),
                    data=await request.aread(),
                    headers=_headers(request),
                    allow_redirects=False,
                )
        except BaseException:
            await self.aclose()
            raise
        return httpx.Response(
            response.status, headers=list(response.raw_headers), stream=Body(response)
        )

    async def aclose(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class Body(httpx.AsyncByteStream):
    """The bytes of a response, as much at once as there is."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

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
