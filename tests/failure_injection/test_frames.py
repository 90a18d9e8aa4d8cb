"""Frames that cost the server something and carry nothing count like all others."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest

from core.server.websocket import BURST, MOST_PARTS
from tests.failure_injection import raw
from tests.support.people import Person, signed_up
from tests.support.site import Site

MASK = bytes(4)
PING, PONG = (bytes((first, 0x80)) + MASK for first in (0x89, 0x8A))
BEGIN, MORE = (bytes((first, 0x80)) + MASK for first in (0x01, 0x00))
MANY = int(4 * BURST)


@pytest.fixture
def reader(site: Site) -> Iterator[Person]:
    person = signed_up(site.url, f"{uuid4().hex}@frames.example.org")
    yield person
    person.http.close()


def wait_for_close(wire: socket.socket, data: bytes) -> None:
    """The server hangs up on these bytes. Raises TimeoutError."""
    with suppress(ConnectionError):
        wire.sendall(data)
        while wire.recv(65536):
            pass


@pytest.mark.parametrize("frame", [PING, PONG, MORE], ids=["ping", "pong", "continuation"])
def test_empty_frames_count(reader: Person, frame: bytes) -> None:
    with raw.websocket(reader, "/ws/") as wire:
        wait_for_close(wire, (BEGIN if frame is MORE else b"") + frame * MANY)


def test_a_message_has_only_so_many_parts(reader: Person) -> None:
    with raw.websocket(reader, "/ws/") as wire:
        wait_for_close(wire, BEGIN + MORE * MOST_PARTS)


def test_what_libraries_do_is_no_flood(reader: Person) -> None:
    """Pings, and one message in some parts."""
    with reader.socket() as page:
        for _ in range(50):
            page.wire.ping()
        page.wire.send(iter(["{", '"ping"', ":", "71", "}"]))
        frame = page.frame()
        while "pong" not in frame:
            frame = page.frame()
        assert frame == {"pong": 71}
