"""HTTP and websocket clients that use as little CPU per byte as Python allows.

The simulated people share the machine with the server that they measure. Frames are therefore
split by their lengths and never decoded, and sent frames are masked with zeros (RFC 6455, 5.3,
leaves the key to the client).
"""

import asyncio
import base64
import os
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
LAST, COMPRESSED = 0x80, 0x40
# The offer of browsers, and the bytes that RFC 7692 removes from the end of a compressed message.
DEFLATE = "permessage-deflate; client_max_window_bits"
END = b"\0\0\xff\xff"


class RefusedError(Exception):
    """The server's answer does not follow its protocol."""


@dataclass(frozen=True)
class Reply:
    status: int
    head: bytes
    body: bytes


def format_request(
    method: str, path: str, port: int, headers: dict[str, str], body: bytes
) -> bytes:
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
    """Send one request on a new connection. Raises RefusedError for a status of 400 or more."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        more = {"Connection": "close", **(headers or {})}
        writer.write(format_request(method, path, port, more, body))
        head, _, rest = (await reader.read()).partition(b"\r\n\r\n")
    finally:
        writer.close()
    status = int(head.split(b" ", 2)[1]) if head else 0
    if not 200 <= status < 400:
        raise RefusedError(f"{method} {path}: {status} {rest[:200]!r}")
    return Reply(status, head, rest)


async def stream(port: int, path: str) -> AsyncIterator[bytes]:
    """Yield the bytes of a streamed response as they arrive, with head and chunk sizes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        headers = {"Accept": "text/event-stream", "Connection": "close"}
        writer.write(format_request("GET", path, port, headers, b""))
        while data := await reader.read(65536):
            yield data
    finally:
        writer.close()


def frame(first: int, payload: bytes) -> bytes:
    """Return a client's frame; masking with zeros leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + b"\0\0\0\0" + payload


class Deflate:
    """Compresses messages as browsers do; the smallest window satisfies every server."""

    def __init__(self) -> None:
        self.packer = zlib.compressobj(wbits=-9)
        self.unpacker = zlib.decompressobj(-zlib.MAX_WBITS)

    def pack(self, payload: bytes) -> bytes:
        return (self.packer.compress(payload) + self.packer.flush(zlib.Z_SYNC_FLUSH))[: -len(END)]

    def unpack(self, payload: bytes) -> bytes:
        return self.unpacker.decompress(payload + END)


@dataclass(eq=False)
class Socket(asyncio.Protocol):
    """A websocket; `on_message` gets each message as it arrives, `ended` is set when it closes."""

    on_message: Callable[[bytes], None]
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
            head, separator, rest = self.received.partition(b"\r\n\r\n")
            if not separator:
                return
            self.status, self.received = bytes(head.split(b"\r\n", 1)[0]), rest
            self.deflate = Deflate() if b"permessage-deflate" in head.lower() else None
            self.opened.set()
        self.bytes_in += len(data)
        if self.started:
            self.read_frames()

    def start(self) -> None:
        """Start to read frames, including those that arrived with the handshake."""
        self.started = True
        self.read_frames()

    def read_frames(self) -> None:
        data, position = self.received, 0
        while len(data) - position >= 2:
            size, start = data[position + 1] & 127, position + 2
            if size > 125:
                width = 2 if size == 126 else 8
                size = int.from_bytes(data[start : start + width], "big")
                start += width
            if len(data) < start + size:
                break
            self.read_frame(data[position], bytes(data[start : start + size]))
            position = start + size
        del data[:position]

    def read_frame(self, first: int, payload: bytes) -> None:
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
                self.on_message(
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
    port: int, path: str, on_message: Callable[[bytes], None], headers: dict[str, str] | None = None
) -> Socket:
    """Open a websocket. Raises RefusedError if the handshake fails."""
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(on_message), "127.0.0.1", port)
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
    socket.transport.write(format_request("GET", path, port, upgrade, b""))
    await socket.opened.wait()
    if b" 101 " not in socket.status:
        raise RefusedError(f"{path}: {socket.status!r}")
    loop.call_soon(socket.start)
    return socket
