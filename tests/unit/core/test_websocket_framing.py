"""Frames by hand beside those of the `websockets` library, and what is negotiated with pages."""

import socket
from typing import Any
from unittest.mock import Mock
from weakref import ref

import pytest
from autobahn.websocket.compress import PerMessageDeflateOffer
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import ConnectionLost
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.tcp import Connection
from twisted.internet.testing import MemoryReactor
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from websockets.frames import Frame as OtherFrame
from websockets.frames import Opcode

from core.server.frames import encode_frame, parse_short_text_frame
from core.server.websocket import WINDOW_BITS, BoundedProtocol, accept_compression, write

COMPRESSED, SECOND, THIRD = 0x40, 0x20, 0x10
SIZES = [0, 1, 125, 126, 65_535, 65_536, 300_000]


def marked(frame: bytes, bit: int) -> bytes:
    """With a bit that only an extension may set, which the other make does not know of."""
    return bytes((frame[0] | bit,)) + frame[1:]


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("size", SIZES)
def test_a_written_frame_is_that_of_another_make(
    size: int, *, binary: bool, compressed: bool
) -> None:
    other = OtherFrame(Opcode.BINARY if binary else Opcode.TEXT, b"x" * size)
    written = encode_frame(b"x" * size, binary=binary, compressed=compressed)
    assert written == marked(other.serialize(mask=False), COMPRESSED if compressed else 0)


@given(payload=st.binary(min_size=1, max_size=125), compressed=st.booleans())
def test_a_short_text_is_read(payload: bytes, *, compressed: bool) -> None:
    sent = OtherFrame(Opcode.TEXT, payload).serialize(mask=True)
    assert parse_short_text_frame(marked(sent, COMPRESSED if compressed else 0)) == (
        payload,
        compressed,
    )


@given(payload=st.binary(max_size=140), cut=st.integers(1, 8))
def test_what_is_not_exactly_one_short_text_is_left_to_autobahn(payload: bytes, cut: int) -> None:
    text = OtherFrame(Opcode.TEXT, payload)
    whole = text.serialize(mask=True)
    for kind in (Opcode.BINARY, Opcode.CONT, Opcode.PING):
        if kind != Opcode.PING or len(payload) < 126:
            assert parse_short_text_frame(OtherFrame(kind, payload).serialize(mask=True)) is None
    for odd in (
        whole[:-cut],
        whole + whole[:cut],
        text.serialize(mask=False),
        OtherFrame(Opcode.TEXT, payload, fin=False).serialize(mask=True),
        marked(whole, SECOND),
        marked(whole, THIRD),
    ):
        assert parse_short_text_frame(odd) is None
    if not 0 < len(payload) < 126:
        assert parse_short_text_frame(whole) is None


@pytest.mark.parametrize("asked", [0, 9, 10, 11, 12, 15])
@pytest.mark.parametrize("may_limit", [True, False])
def test_compression_needs_little_memory(asked: int, *, may_limit: bool) -> None:
    offer = PerMessageDeflateOffer(accept_max_window_bits=may_limit, request_max_window_bits=asked)  # type: ignore[no-untyped-call]
    found = accept_compression([object(), offer])
    assert found.window_bits == min(asked or WINDOW_BITS, WINDOW_BITS)
    assert ("client_max_window_bits=9" in found.get_extension_string()) is may_limit


def test_without_an_offer_nothing_is_compressed() -> None:
    assert accept_compression([]) is None


def test_a_closed_socket_keeps_nothing_of_what_compresses() -> None:
    deflate = Mock()
    kept = ref(deflate)
    protocol = BoundedProtocol()
    protocol.server, protocol.request, protocol.client_addr = Mock(), Mock(), None
    protocol._perMessageCompress, protocol.websocket_extensions_in_use = deflate, [deflate]
    del deflate
    protocol.onClose(True, 1000, "")
    assert kept() is None


def connected(near: socket.socket) -> Any:
    """The transport of a connection, whose event loop never turns."""
    reactor: Any = MemoryReactor
    make: Any = Connection
    transport = make(near, Protocol(), reactor())
    near.setblocking(False)
    transport.connected = 1
    return transport


def test_what_the_kernel_does_not_take_at_once_is_written_in_its_turn() -> None:
    near, far = socket.socketpair()
    with near, far:
        transport = connected(near)
        parts = [b"first", b"x" * 3_000_000, b"last"]
        for part in parts:
            write(transport, part)
        assert transport in transport.reactor.writers
        assert far.recv(5) == b"first"
        rest = b""
        while len(rest) < len(parts[1]) + len(parts[2]):
            transport.doWrite()
            rest += far.recv(1 << 20)
        assert rest == parts[1] + parts[2]
        assert transport not in transport.reactor.writers


def test_what_encrypts_is_not_gone_round() -> None:
    near, far = socket.socketpair()
    with near, far:
        encrypted: list[bytes] = []
        make: Any = ProtocolWrapper
        factory: Any = WrappingFactory
        wrapper = make(factory(Factory()), Protocol())
        wrapper.transport, wrapper.connected = connected(near), 1
        wrapper.write = encrypted.append
        write(wrapper, b"secret")
        assert encrypted == [b"secret"]
        far.setblocking(False)
        with pytest.raises(BlockingIOError):
            far.recv(6)


def test_nothing_is_written_to_a_connection_that_is_gone() -> None:
    near, far = socket.socketpair()
    with near:
        far.close()
        transport = connected(near)
        write(transport, b"lost")
        assert isinstance(transport.doWrite(), ConnectionLost)
