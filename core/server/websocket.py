"""Limit what a websocket client may send and leave unread, and compress messages.

daphne limits neither.
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

# Bytes of one frame and of one message. Messages of our pages have about 20 bytes.
MAX_MESSAGE_BYTES = 64 * 1024
# Token bucket: frames at once, and frames per second. A page acknowledges at most 60 a second.
BURST, RATE = 1_000.0, 200.0
# Fragments of one message: an unfinished message keeps its fragments in memory.
MOST_PARTS = 64
# Bytes queued for a client that does not read, beyond the frame that filled the buffer.
MAX_UNREAD_BYTES = 256 * 1024
# zlib parameters for what we send: 8 kB a socket, enough to hold the previous frame, which the
# next one resembles. What a page sends is small, so the smallest window is enough for it.
WINDOW_BITS, MEMORY_LEVEL, WINDOW_BITS_OF_A_PAGE = 10, 3, 9

Protocol: Any = daphne.ws_protocol.WebSocketProtocol
Acceptance: Any = compress.PerMessageDeflateOfferAccept


class BoundedProtocol(Protocol):
    """A websocket that drops clients that send too many frames or leave too many bytes unread.

    We do not read from a client that does not read: its acknowledgements and pings would only
    produce more output for it. A server ping without reply, or a missing acknowledgement, then ends
    the connection.
    """

    left = BURST  # frames that the client may still send now
    counted_at = 0.0
    parts = 0
    hung_up = False
    stuck = False
    unread = 0
    listener: Callable[[str], bool] | None = None
    # Attributes of autobahn's class, declared for mypy
    _perMessageCompress: Any  # noqa: N815
    websocket_extensions_in_use: list[Any]

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's)
        super().connectionMade()
        # The HTTP channel is still registered as the producer, but no longer handles these calls.
        self.transport.unregisterProducer()
        self.transport.registerProducer(self, True)

    # The transport calls these when its write buffer is full, or empty again
    # https://docs.twisted.org/en/stable/core/howto/producers.html
    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's)
        if not self.stuck:
            self.stuck, self.unread = True, 0
            self.transport.pauseProducing()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's)
        self.stuck = False
        self.transport.resumeProducing()

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's)
        """Do nothing: autobahn notices the lost connection by itself."""

    def sendHttpErrorResponse(  # noqa: N802 (autobahn's)
        self,
        code: int,
        reason: str,
        responseHeaders: Any = None,  # noqa: N803
    ) -> None:
        """Refuse a handshake without sending `reason`, which may contain input or error details."""
        self.sendData(refusal(code))

    def hang_up(self) -> None:
        """Drop the connection at once, without a closing handshake."""
        if not self.hung_up:
            self.hung_up = True
            self.dropConnection(abort=True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's)
        """Parse a single short text frame here, and pass everything else to autobahn."""
        frame = parse_short_text_frame(data) if self.is_between_messages() else None
        if frame is None or (frame.compressed and self._perMessageCompress is None):
            super().dataReceived(data)
        else:
            self.receive_short_frame(frame)

    def is_between_messages(self) -> bool:
        """Return whether autobahn has neither partial input nor a pending ping."""
        return (
            self.state == self.STATE_OPEN
            and not self.data
            and not self.inside_message
            and self.autoPingTimeoutCall is None
        )

    # Called by autobahn for the frames that it parses
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
        """Count one frame, even an empty one or a fragment; hang up above the rate limit."""
        now = time.monotonic()
        self.left = min(BURST, self.left + RATE * (now - (self.counted_at or now))) - 1
        self.counted_at = now
        if self.left < 0:
            self.hang_up()

    def receive_short_frame(self, frame: Frame) -> None:
        """Decode a frame that we parsed ourselves and handle its message; hang up if invalid."""
        self.count_frame()
        try:
            payload = self.inflate(frame.payload) if frame.compressed else frame.payload
            payload.decode()
        except (PayloadCorruptError, PayloadExceededError, UnicodeDecodeError):
            self.hang_up()
        else:
            self.onMessage(payload, False)

    def inflate(self, payload: bytes) -> bytes:
        """Decompress a payload; raises PayloadCorruptError and PayloadExceededError."""
        deflate = self._perMessageCompress
        deflate.start_decompress_message()
        message: bytes = deflate.decompress_message_data(payload, max_output_len=MAX_MESSAGE_BYTES)
        deflate.end_decompress_message()
        return message

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        """Pass a text message to the listener, and other messages to the application."""
        if not (self.hung_up or (not isBinary and self.is_heard(payload))):
            super().onMessage(payload, isBinary)

    def is_heard(self, payload: bytes) -> bool:
        """Return whether the application's listener handled the message.

        A direct call avoids waking the application's task, the largest cost of a message.
        """
        if self.muted or self.listener is None:
            return False
        self.last_ping = time.monotonic()  # as daphne does; monotonic, see core.server.clock
        return self.listener(payload.decode())

    def handle_reply(self, message: dict[str, Any]) -> None:
        """Handle an event of the application: set the listener, or let daphne handle it."""
        if message["type"] == LISTEN:
            self.listener = message["listener"]
        else:
            super().handle_reply(message)

    def onClose(self, wasClean: bool, code: int, reason: str) -> None:  # noqa: N802, N803
        """Release what the closed connection holds."""
        self.listener = None
        # zlib's buffers are the largest part of what stays until garbage collection: drop them now.
        self._perMessageCompress, self.websocket_extensions_in_use = None, []
        super().onClose(wasClean, code, reason)

    def sendMessage(self, payload: bytes, isBinary: bool = False) -> None:  # noqa: N802, N803
        """Send a message as one frame, or hang up if the client leaves too much unread."""
        if self.stuck:
            # Replies to messages that arrived before reading was paused may still be sent.
            self.unread += len(payload)
            if self.unread > MAX_UNREAD_BYTES:
                self.hang_up()
                return
        if self.state == self.STATE_OPEN and not self.send_queue:
            deflate = self._perMessageCompress
            if deflate is not None:
                deflate.start_compress_message()
                payload = deflate.compress_message_data(payload) + deflate.end_compress_message()
            # Not by autobahn, which applies the limit for incoming messages to outgoing ones, too.
            write(
                self.transport,
                encode_frame(payload, binary=isBinary, compressed=deflate is not None),
            )
        else:
            super().sendMessage(payload, isBinary)


def refusal(code: int) -> bytes:
    """Return a complete HTTP response that refuses a handshake: the status and a sentence."""
    phrase = HTTPStatus(code).phrase
    body = f"{phrase}. This address accepts websockets only from pages of this site.\n"
    head = (
        f"HTTP/1.1 {code} {phrase}",
        "Connection: close",
        "Content-Type: text/plain; charset=utf-8",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join((*head, "", body)).encode()


def write(transport: Any, data: bytes) -> None:
    """Write to the socket right away, and leave what the kernel does not take to Twisted.

    Twisted would wait until the event loop reports the socket as writable, which costs as much as
    all other work for a frame.
    """
    if is_empty(transport):
        written = transport.writeSomeData(data)
        # An exception means a lost connection; Twisted notices it at its next write.
        if not isinstance(written, BaseException):
            data = data[written:]
    if data:
        transport.write(data)


def is_empty(transport: Any) -> bool:
    """Return whether the transport is a plain TCP connection with nothing left to write.

    A TLS transport has the same interface as the TCP connection below it; writing to the socket
    directly would bypass encryption.
    """
    if not isinstance(transport, Connection):
        return False
    pending = transport.dataBuffer or transport._tempDataBuffer
    return bool(transport.connected and not (pending or transport.disconnecting or transport.TLS))


def accept_compression(offers: Iterable[Any]) -> Any:
    """Accept the first offer of permessage-deflate, with small buffers; None without an offer."""
    for offer in offers:
        if isinstance(offer, compress.PerMessageDeflateOffer):
            requested = offer.request_max_window_bits
            return Acceptance(
                offer,
                request_max_window_bits=WINDOW_BITS_OF_A_PAGE
                if offer.accept_max_window_bits
                else 0,
                window_bits=min(requested, WINDOW_BITS) if requested else WINDOW_BITS,
                mem_level=MEMORY_LEVEL,
            )
    return None


def apply_limits(factory: Any) -> None:
    """Make daphne's websocket factory use `BoundedProtocol`, the size limits and compression."""
    factory.protocol = BoundedProtocol
    factory.setProtocolOptions(
        maxFramePayloadSize=MAX_MESSAGE_BYTES,
        maxMessagePayloadSize=MAX_MESSAGE_BYTES,
        perMessageCompressionAccept=accept_compression,
    )
