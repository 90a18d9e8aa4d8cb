"""Connections by hand, for clients that do what no library would."""

import json
import socket
from typing import Any
from urllib.parse import urlsplit

from tests.support.people import Person

SECONDS = 10.0


def narrow(url: str) -> socket.socket:
    """A connection of a client with little room for what it is sent."""
    found = socket.socket()
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    found.settimeout(SECONDS)
    parts = urlsplit(url)
    found.connect((parts.hostname or "", parts.port or 80))
    return found


def websocket(person: Person, path: str) -> socket.socket:
    """A page's socket of which nothing is read but the head of the handshake."""
    wire = narrow(person.url)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {urlsplit(person.url).netloc}",
        f"Origin: {person.url}",
        f"Cookie: chat_session={person.session}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    wire.sendall("\r\n".join([*lines, "", ""]).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = wire.recv(1)
        assert byte, head
        head += byte
    assert head.startswith(b"HTTP/1.1 101"), head
    return wire


def say(wire: socket.socket, **frame: Any) -> None:
    """One short text frame (https://www.rfc-editor.org/rfc/rfc6455#section-5.2), mask of zeros."""
    payload = json.dumps(frame).encode()
    wire.sendall(bytes((0x81, 0x80 | len(payload))) + bytes(4) + payload)


def all_sent(wire: socket.socket, quiet: float = 1.0) -> int:
    """Bytes that come until none came for so many seconds, or the server closes."""
    wire.settimeout(quiet)
    count = 0
    try:
        while data := wire.recv(65536):
            count += len(data)
    except (TimeoutError, ConnectionResetError):
        pass
    return count


def is_over(wire: socket.socket) -> bool:
    """Whether the server has closed; takes what it has sent."""
    wire.setblocking(False)
    try:
        while data := wire.recv(65536):
            assert data
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
