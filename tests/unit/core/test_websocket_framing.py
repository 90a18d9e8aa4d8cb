"""What a websocket negotiates with a page, how much it takes from it, and what it keeps."""

import zlib
from typing import Any
from unittest.mock import Mock
from weakref import ref

import pytest
from autobahn.twisted.websocket import WebSocketServerFactory
from autobahn.websocket.compress import PerMessageDeflateOffer
from twisted.internet.testing import StringTransport
from websockets.frames import Frame, Opcode

from core.server import websocket
from core.server.websocket import (
    MAX_MESSAGE_BYTES,
    WINDOW_BITS,
    BoundedProtocol,
    accept_compression,
)

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n"
)
# https://www.rfc-editor.org/rfc/rfc7692#section-7.2.1
DEFLATE_TAIL = b"\x00\x00\xff\xff"
COMPRESSED = 0x40
HALF = MAX_MESSAGE_BYTES // 2


class Transport(StringTransport):
    """Keeps what is written; a producer may be registered anew."""

    def unregisterProducer(self) -> None:  # noqa: N802 (Twisted's)
        self.producer = None

    def setTcpNoDelay(self, enabled: bool) -> None:  # noqa: N802 (Twisted's)
        pass


class Recorder(BoundedProtocol):
    """Our protocol without daphne's application: it records the messages."""

    def onConnect(self, request: Any) -> None:  # noqa: N802 (autobahn's)
        self.messages: list[bytes] = []

    def onOpen(self) -> None:  # noqa: N802 (autobahn's)
        pass

    def is_heard(self, payload: bytes) -> bool:
        self.messages.append(payload)
        return True

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        pass


@pytest.fixture
def protocol() -> Any:
    """An open websocket with compression."""
    factory: Any = WebSocketServerFactory()  # type: ignore[no-untyped-call]
    websocket.apply_limits(factory)
    factory.protocol = Recorder
    transport: Any = Transport
    made = factory.buildProtocol(None)
    made.makeConnection(transport())
    made.dataReceived(HANDSHAKE)
    assert b" 101 " in made.transport.value()
    made.transport.clear()
    return made


def compressed(payload: bytes, *, final: bool = True, first: bool = True) -> bytes:
    """A client's frame of a compressed message, with a compressor of its own."""
    packer = zlib.compressobj(wbits=-9)
    data = packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH)
    opcode = Opcode.TEXT if first else Opcode.CONT
    frame = Frame(opcode, data.removesuffix(DEFLATE_TAIL), fin=final).serialize(mask=True)
    return bytes((frame[0] | COMPRESSED,)) + frame[1:] if first else frame


def plain(payload: bytes, *, final: bool = True, first: bool = True) -> bytes:
    """A client's frame of a message that is not compressed."""
    opcode = Opcode.TEXT if first else Opcode.CONT
    return Frame(opcode, payload, fin=final).serialize(mask=True)


@pytest.mark.parametrize("frame", [plain, compressed])
@pytest.mark.parametrize("size", [1, 125, 126, MAX_MESSAGE_BYTES])
def test_a_message_of_up_to_the_limit_is_received(protocol: Any, frame: Any, size: int) -> None:
    protocol.dataReceived(frame(b"x" * size))
    assert protocol.messages == [b"x" * size]
    assert not protocol.transport.disconnected


@pytest.mark.parametrize("frame", [plain, compressed])
def test_a_message_above_the_limit_ends_the_connection(protocol: Any, frame: Any) -> None:
    # zlib keeps the last bytes of a long repetition back, so numbers in place of one letter.
    numbers = b"".join(b"%d" % number for number in range(MAX_MESSAGE_BYTES))
    protocol.dataReceived(frame(numbers[: MAX_MESSAGE_BYTES + 300]))
    assert protocol.messages == []
    assert protocol.transport.disconnected


def test_fragments_above_the_limit_end_the_connection(protocol: Any) -> None:
    protocol.dataReceived(plain(b"x" * HALF, final=False))
    protocol.dataReceived(plain(b"x" * HALF, final=False, first=False))
    assert not protocol.transport.disconnected
    protocol.dataReceived(plain(b"x", first=False))
    assert protocol.messages == []
    assert protocol.transport.disconnected


@pytest.mark.parametrize("size", [1, 65_536, 1_000_000])
def test_what_is_sent_has_no_such_limit(protocol: Any, size: int) -> None:
    message = bytes(index * index % 251 for index in range(size))
    protocol.sendMessage(message, True)
    sent = protocol.transport.value()
    assert sent[0] == 0xC2  # one binary frame, compressed
    payload = sent[len(sent) - payload_size(sent) :]
    assert zlib.decompressobj(-WINDOW_BITS).decompress(payload + DEFLATE_TAIL) == message


def payload_size(frame: bytes) -> int:
    """The size that a server's frame declares."""
    if frame[1] < 126:
        return frame[1]
    return int.from_bytes(frame[2 : 4 if frame[1] == 126 else 10])


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
