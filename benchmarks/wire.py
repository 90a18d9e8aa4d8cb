"""HTTP and websockets with as little work for each byte as Python allows.

The people of a crowd share the machine with what they measure: a frame is found by its length,
never decoded, and an answer to it is masked with zeros (RFC 6455, 5.3, leaves the choice to the
client).
"""

import asyncio
import base64
import os
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LAST, COMPRESSED = 0x80, 0x40
# What browsers offer, and the end that every compressed message has and none carries (RFC 7692).
DEFLATE = "permessage-deflate; client_max_window_bits"
END = b"\0\0\xff\xff"


class RefusedError(Exception):
    """The server answered otherwise than its protocol says."""


@dataclass(frozen=True)
class Reply:
    status: int
    head: bytes
    body: bytes


def request(method: str, path: str, port: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if method == "POST":
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def fetch(
    port: int,
    path: str,
    *,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    body: bytes = b"",
) -> Reply:
    """One request on a connection of its own. Raises RefusedError above status 399."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        more = {"Connection": "close", **(headers or {})}
        writer.write(request(method, path, port, more, body))
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status = int(head.split(b" ", 2)[1]) if head else 0
    if not 200 <= status < 400:
        raise RefusedError(f"{method} {path}: {status} {rest[:200]!r}")
    return Reply(status, head, rest)


async def stream(port: int, path: str) -> AsyncIterator[bytes]:
    """What arrives on a response that goes on, as it arrives, head and chunk sizes included."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        headers = {"Accept": "text/event-stream", "Connection": "close"}
        writer.write(request("GET", path, port, headers, b""))
        while data := await reader.read(65536):
            yield data
    finally:
        writer.close()


def frame(first: int, payload: bytes) -> bytes:
    """A client's frame, masked with zeros, so that the payload stands as it is."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Deflate:
    """Messages compressed as browsers do it. The least window is what any server may ask for."""

    def __init__(self) -> None:
        self.packer = zlib.compressobj(wbits=-9)
        self.unpacker = zlib.decompressobj(-zlib.MAX_WBITS)

    def pack(self, payload: bytes) -> bytes:
        return (self.packer.compress(payload) + self.packer.flush(zlib.Z_SYNC_FLUSH))[: -len(END)]

    def unpack(self, payload: bytes) -> bytes:
        return self.unpacker.decompress(payload + END)


@dataclass(eq=False)
class Socket(asyncio.Protocol):
    """A websocket. `heard` is called with each message as it arrives; `ended` is set by its end."""

    heard: Callable[[bytes], None]
    received: bytearray = field(default_factory=bytearray)
    parts: bytearray = field(default_factory=bytearray)
    bytes_in: int = 0
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    status: bytes = b""
    started: bool = False
    packed: bool = False
    deflate: Deflate | None = None
    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        self.opened.set()
        self.ended.set()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.opened.is_set():
            head, found, rest = self.received.partition(b"\r\n\r\n")
            if not found:
                return
            self.status, self.received = bytes(head.split(b"\r\n", 1)[0]), rest
            self.deflate = Deflate() if b"permessage-deflate" in head.lower() else None
            self.opened.set()
        self.bytes_in += len(data)
        if self.started:
            self.take_frames()

    def start(self) -> None:
        """Frames may come with the handshake, before anybody has the socket in hand."""
        self.started = True
        self.take_frames()

    def take_frames(self) -> None:
        data, place = self.received, 0
        while len(data) - place >= 2:
            size, start = data[place + 1] & 127, place + 2
            if size > 125:
                width = 2 if size == 126 else 8
                size = int.from_bytes(data[start : start + width], "big")
                start += width
            if len(data) < start + size:
                break
            self.take(data[place], bytes(data[start : start + size]))
            place = start + size
        del data[:place]

    def take(self, first: int, payload: bytes) -> None:
        kind, last = first & 15, first & LAST
        if kind == PING:
            self.write(LAST | PONG, payload)
        elif kind == CLOSE:
            self.ended.set()
        elif kind != PONG:
            self.packed = bool(first & COMPRESSED) if kind else self.packed
            self.parts += payload
            if last:
                message, self.parts = bytes(self.parts), bytearray()
                self.heard(
                    self.deflate.unpack(message) if self.packed and self.deflate else message
                )

    def write(self, first: int, payload: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(frame(first, payload))

    def send(self, text: bytes) -> None:
        if self.deflate is None:
            self.write(LAST | TEXT, text)
        else:
            self.write(LAST | COMPRESSED | TEXT, self.deflate.pack(text))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


async def connect(
    port: int, path: str, heard: Callable[[bytes], None], headers: dict[str, str] | None = None
) -> Socket:
    """A websocket that is open. Raises RefusedError where the handshake fails."""
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(heard), "127.0.0.1", port)
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": DEFLATE,
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Origin": f"http://127.0.0.1:{port}",
        **(headers or {}),
    }
    assert socket.transport is not None
    socket.transport.write(request("GET", path, port, upgrade, b""))
    await socket.opened.wait()
    if b" 101 " not in socket.status:
        raise RefusedError(f"{path}: {socket.status!r}")
    loop.call_soon(socket.start)
    return socket
