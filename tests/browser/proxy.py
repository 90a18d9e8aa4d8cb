"""A TCP proxy between browser and server whose network can go away without a word.

Nothing is closed or refused when packets are dropped: bytes simply do not arrive, as in a tunnel.
It can also answer the handshakes of websockets itself, with a refusal or a close code.
"""

import asyncio
import base64
import hashlib
import re
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Self

CHUNK = 65_536
HANDSHAKE = b"GET /ws/"


class Link:
    """One TCP connection. `is_dropping` loses every byte from now on, in both directions."""

    def __init__(self, *, is_dropping: bool, delay: float) -> None:
        self.is_dropping = is_dropping
        self.delay = delay
        self.is_socket = False

    async def copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward until either side closes; a close is a packet too, and may be dropped."""
        while data := await reader.read(CHUNK):
            if self.is_socket and self.delay:
                await asyncio.sleep(self.delay)
            if not self.is_dropping:
                writer.write(data)
                await writer.drain()
        if not self.is_dropping:
            writer.close()


class Proxy:
    """`with Proxy() as proxy:`; runs in a thread of its own and forwards to port `target`.

    `drop_sockets` loses the packets of the websockets that are open now, `drop_all` those of
    every connection, new ones too, for so many seconds. What was dropped stays dead, as it does
    for a phone that comes back with another address. `delay` is that of each websocket, in seconds
    each way. `refusal`, if it is set, answers every handshake of a websocket.
    """

    def __init__(self) -> None:
        self.target = self.port = self.handshakes = 0
        self.links: set[Link] = set()
        self.is_away = False
        self.delay = self.restored_at = 0.0
        self.refusal: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def drop_sockets(self) -> None:
        for link in list(self.links):
            link.is_dropping = link.is_dropping or link.is_socket

    def drop_all(self, seconds: float) -> None:
        self.is_away = True
        for link in list(self.links):
            link.is_dropping = True
        self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._restore)

    def reset(self) -> None:
        self.delay, self.refusal = 0.0, None

    def _restore(self) -> None:
        self.is_away = False
        self.restored_at = time.monotonic()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(is_dropping=self.is_away, delay=self.delay)
        self.links.add(link)
        try:
            with suppress(OSError):
                await self._forward(link, reader, writer)
        finally:
            self.links.discard(link)
            writer.close()

    async def _forward(
        self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first = await reader.read(CHUNK)
        link.is_socket = first.startswith(HANDSHAKE)
        self.handshakes += link.is_socket
        if link.is_dropping:
            await link.copy(reader, writer)
        elif link.is_socket and self.refusal:
            writer.write(refused(first, self.refusal))
            await reader.read(CHUNK)
        else:
            await self._connect(link, first, reader, writer)

    async def _connect(
        self, link: Link, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        from_server, to_server = await asyncio.open_connection("127.0.0.1", self.target)
        to_server.write(first)
        try:
            await asyncio.gather(
                link.copy(reader, to_server), link.copy(from_server, writer), return_exceptions=True
            )
        finally:
            to_server.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


def refused(request: bytes, code: int) -> bytes:
    """The answer to a handshake: below 1000 an HTTP status, else acceptance and a close frame."""
    if code < 1000:
        return b"HTTP/1.1 %d No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % code
    found = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    assert found is not None
    guid = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(found[1] + guid).digest())  # noqa: S324 (RFC 6455)
    head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n" + b"\x88\x02" + code.to_bytes(2)
