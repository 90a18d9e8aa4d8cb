"""As much of HTTP/1.1 (RFC 9112) as the scripted server speaks: requests in, streams out."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

TLS_HANDSHAKE = 0x16


class Connection:
    """One accepted connection: one request, one response."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self._unread = b""
        self._chunked = False
        self.opened = False

    def unread(self, data: bytes) -> None:
        """Put the first byte back before the head."""
        self._unread = data

    async def read_head(self) -> tuple[str, str, str, dict[str, str]]:
        """Method, path, query, headers with lower-case names."""
        data = self._unread + await self.reader.readuntil(b"\r\n\r\n")
        head = data.decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = dict(line.split(":", 1) for line in lines)
        address = urlsplit(target)
        path, query = unquote(address.path), address.query
        return method, path, query, {key.lower(): value.strip() for key, value in headers.items()}

    async def read_body(self, headers: Mapping[str, str]) -> Any:
        data = await self.reader.readexactly(int(headers.get("content-length", "0")))
        try:
            return json.loads(data) if data else None
        except ValueError:
            return data.decode("utf-8", "replace")

    async def hang_up(self) -> None:
        """Returns when the client closes."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            return

    async def respond(
        self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None
    ) -> None:
        fields = {"content-type": content_type, "content-length": str(len(body)), **(headers or {})}
        await self._write(_head(status, fields) + body)

    async def open(
        self, status: int, content_type: str, headers: Mapping[str, str], *, chunked: bool
    ) -> None:
        self.opened, self._chunked = True, chunked
        fields = {"content-type": content_type, "cache-control": "no-cache", **headers}
        if chunked:
            fields["transfer-encoding"] = "chunked"
        await self._write(_head(status, fields))

    async def send(self, data: bytes) -> None:
        if self._chunked and data:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        await self._write(data)

    async def end(self, last: bytes = b"") -> None:
        if self._chunked:
            last = (b"%x\r\n%b\r\n" % (len(last), last) if last else b"") + b"0\r\n\r\n"
        await self._write(last)

    def reset(self) -> None:
        """Close so that the client sees a reset, not an end."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return

    async def _write(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


def _head(status: int, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Scripted", "connection: close"]
    lines += [f"{name}: {value}" for name, value in fields.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def closed_port() -> int:
    """A loopback port on which nothing listens: it was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
