"""Limit what a websocket client may send and leave unread, and compress messages.

daphne limits neither.
"""

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

import daphne.ws_protocol
from autobahn.websocket import compress

from core.server.frames import LISTEN

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
    message_bytes = 0
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

    # autobahn calls these for each frame
    def onMessageBegin(self, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        self.parts = self.message_bytes = 0
        super().onMessageBegin(isBinary)

    def onMessageFrameBegin(self, length: int) -> None:  # noqa: N802 (autobahn's)
        self.parts += 1
        self.message_bytes += length
        self.count_frame()
        if self.parts > MOST_PARTS or self.message_bytes > MAX_MESSAGE_BYTES:
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

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        """Pass a text message to the listener, and other messages to the application."""
        if not (self.hung_up or (not isBinary and self.is_heard(payload))):
            super().onMessage(payload, isBinary)

    def is_heard(self, payload: bytes) -> bool:
        """Whether the application's listener handled the message.

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
        """Send a message, or hang up if the client leaves too much unread."""
        if self.stuck:
            # Replies to messages that arrived before reading was paused may still be sent.
            self.unread += len(payload)
            if self.unread > MAX_UNREAD_BYTES:
                self.hang_up()
                return
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
                max_message_size=MAX_MESSAGE_BYTES,
            )
    return None


def apply_limits(factory: Any) -> None:
    """Make daphne's websocket factory use `BoundedProtocol`, the size limits and compression."""
    factory.protocol = BoundedProtocol
    factory.setProtocolOptions(
        maxFramePayloadSize=MAX_MESSAGE_BYTES,
        # autobahn would apply this limit to outgoing messages, too: `onMessageFrameBegin` and the
        # compression limit incoming ones.
        maxMessagePayloadSize=0,
        perMessageCompressionAccept=accept_compression,
    )
