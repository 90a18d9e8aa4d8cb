"""How much a websocket client may send, and leave unread: daphne has no bound on either. And what
travels compressed.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import daphne.ws_protocol
from autobahn.exception import PayloadCorruptError, PayloadExceededError
from autobahn.websocket import compress
from twisted.internet.tcp import Connection

from core.server.frames import LISTEN, Frame, encode_frame, parse_short_text_frame

# Bytes of one frame and of one message. The page sends about twenty.
MAX_MESSAGE_BYTES = 64 * 1024
# Frames at once and a second; a page acknowledges at most 60 a second.
BURST, RATE = 1_000.0, 200.0
# Frames of one message: a message without an end holds what came so far.
MOST_PARTS = 64
# Bytes that wait for a client that does not read, beside the frame that filled the buffer.
MAX_UNREAD_BYTES = 256 * 1024
# Of zlib, for what a page is sent: 8 kB for a socket, in which a frame finds the one before it.
# What a page sends needs no more than the least.
WINDOW_BITS, MEMORY_LEVEL, WINDOW_BITS_OF_A_PAGE = 10, 3, 9

Protocol: Any = daphne.ws_protocol.WebSocketProtocol
Acceptance: Any = compress.PerMessageDeflateOfferAccept


class BoundedProtocol(Protocol):
    """Hangs up on a client that sends far more frames than any page does.

    A client that does not read is not read either: its acknowledgements and pings would only make
    more for it to read. Pings of the server then find it gone, or the missing acknowledgement does.
    """

    left = BURST
    counted_at = 0.0
    parts = 0
    hung_up = False
    stuck = False
    unread = 0
    listener: Callable[[str], bool] | None = None
    # autobahn's
    _perMessageCompress: Any  # noqa: N815
    websocket_extensions_in_use: list[Any]

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's)
        super().connectionMade()
        # In place of the HTTP connection that this was, which pays no heed any more.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    # What the transport says about its buffer
    # https://docs.twisted.org/en/stable/core/howto/producers.html
    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's)
        if not self.stuck:
            self.stuck, self.unread = True, 0
            self.transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's)
        self.stuck = False
        self.transport.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's)
        """The connection is lost, which autobahn hears by itself."""

    def sendHttpErrorResponse(  # noqa: N802 (autobahn's)
        self,
        code: int,
        reason: str,
        responseHeaders: Any = None,  # noqa: N803
    ) -> None:
        """Refuse a handshake; the reason may hold what was sent or went wrong, and stays here."""
        self.sendData(refusal(code))

    def hang_up(self) -> None:
        if not self.hung_up:
            self.hung_up = True
            self.dropConnection(abort=True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's)
        frame = parse_short_text_frame(data) if self.is_between_messages() else None
        if frame is None or (frame.compressed and self._perMessageCompress is None):
            super().dataReceived(data)
        else:
            self.take(frame)

    def is_between_messages(self) -> bool:
        """And nothing else would happen if a frame came."""
        return (
            self.state == self.STATE_OPEN
            and not self.data
            and not self.inside_message
            and self.autoPingTimeoutCall is None
        )

    # Frames of every kind, as autobahn tells of them
    def onMessageBegin(self, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        self.parts = 0
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:  # noqa: N802 (autobahn's)
        self.parts += 1
        self.count_frame()
        if self.parts > MOST_PARTS:
            self.hang_up()
        super().onMessageFrameBegin(length)

    def onPing(self, payload: bytes) -> None:  # noqa: N802 (autobahn's)
        self.count_frame()
        if not self.hung_up:
            super().onPing(payload)

    def onPong(self, payload: bytes) -> None:  # noqa: N802 (autobahn's)
        self.count_frame()
        super().onPong(payload)

    def count_frame(self) -> None:
        """Hang up on more frames than a page sends, empty ones and parts of messages included."""
        now = time.monotonic()
        self.left = min(BURST, self.left + RATE * (now - (self.counted_at or now))) - 1
        self.counted_at = now
        if self.left < 0:
            self.hang_up()

    def take(self, frame: Frame) -> None:
        self.count_frame()
        try:
            payload = self.inflated(frame.payload) if frame.compressed else frame.payload
            payload.decode()
        except (PayloadCorruptError, PayloadExceededError, UnicodeDecodeError):
            self.hang_up()
        else:
            self.onMessage(payload, False)

    def inflated(self, payload: bytes) -> bytes:
        """Raises PayloadCorruptError and PayloadExceededError."""
        deflate = self._perMessageCompress
        deflate.start_decompress_message()
        whole: bytes = deflate.decompress_message_data(payload, max_output_len=MAX_MESSAGE_BYTES)
        deflate.end_decompress_message()
        return whole

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        if not (self.hung_up or (not isBinary and self.is_heard(payload))):
            super().onMessage(payload, isBinary)

    def is_heard(self, payload: bytes) -> bool:
        """Whether the application took it as it came: to wake its task costs more than all else."""
        if self.muted or self.listener is None:
            return False
        self.last_ping = time.monotonic()  # as daphne does, see core.server.clock
        return self.listener(payload.decode())

    def handle_reply(self, message: dict[str, Any]) -> None:
        if message["type"] == LISTEN:
            self.listener = message["listener"]
        else:
            super().handle_reply(message)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        self.listener = None
        # Of all that stays until the collector finds it, zlib's memory is the most.
        self._perMessageCompress, self.websocket_extensions_in_use = None, []
        super().onClose(wasClean, code, reason)

    def sendMessage(self, payload: bytes, isBinary: bool = False) -> None:  # noqa: N802, N803
        if self.stuck:
            # What came in before it was paused may still be answered.
            self.unread += len(payload)
            if self.unread > MAX_UNREAD_BYTES:
                self.hang_up()
                return
        if self.state == self.STATE_OPEN and not self.send_queue:
            deflate = self._perMessageCompress
            if deflate is not None:
                deflate.start_compress_message()
                payload = deflate.compress_message_data(payload) + deflate.end_compress_message()
            # Not by autobahn, which also holds what we send to the bound on what may come in.
            write(
                self.transport,
                encode_frame(payload, binary=isBinary, compressed=deflate is not None),
            )
        else:
            super().sendMessage(payload, isBinary)


def refusal(code: int) -> bytes:
    """A whole answer to a handshake, with the status' own words and a sentence."""
    phrase = HTTPStatus(code).phrase
    body = f"{phrase}. This address takes websockets from pages of this site only.\n"
    head = (
        f"HTTP/1.1 {code} {phrase}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", body)).encode()


def write(transport: Any, data: bytes) -> None:
    """Write at once as much as the kernel takes. Twisted waits for the loop to say that it does,
    which costs as much as all else that is done to send a frame.
    """
    if is_empty(transport):
        taken = transport.writeSomeData(data)
        # Of a connection that is lost the loop hears from the next attempt.
        if not isinstance(taken, BaseException):
            data = data[taken:]
    if data:
        transport.write(data)


def is_empty(transport: Any) -> bool:
    """Whether nothing waits to be written, and bytes go out as they are: what encrypts them looks
    like the connection that it stands before, and would be gone round."""
    if not isinstance(transport, Connection):
        return False
    waits = transport.dataBuffer or transport._tempDataBuffer
    return bool(transport.connected and not (waits or transport.disconnecting or transport.TLS))


def accept_compression(offers: Iterable[Any]) -> Any:
    """How the first offer to compress is accepted, in little memory; None without an offer."""
    for offer in offers:
        if isinstance(offer, compress.PerMessageDeflateOffer):
            asked = offer.request_max_window_bits
            return Acceptance(
                offer,
                request_max_window_bits=WINDOW_BITS_OF_A_PAGE
                if offer.accept_max_window_bits
                else 0,
                window_bits=min(asked, WINDOW_BITS) if asked else WINDOW_BITS,
                mem_level=MEMORY_LEVEL,
            )
    return None


def apply_limits(factory: Any) -> None:
    """Put the bounds, and compression, on daphne's websocket factory."""
    factory.protocol = BoundedProtocol
    factory.setProtocolOptions(
        maxFramePayloadSize=MAX_MESSAGE_BYTES,
        maxMessagePayloadSize=MAX_MESSAGE_BYTES,
        perMessageCompressionAccept=accept_compression,
    )
