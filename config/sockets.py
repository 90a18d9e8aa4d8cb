"""How much a websocket client may send, and leave unread: daphne has no bound on either."""

import time
from typing import Any

import daphne.ws_protocol

# Bytes of one frame and of one message. The page sends about twenty.
MOST_BYTES = 64 * 1024
# Frames at once and a second; a page acknowledges at most 60 a second.
BURST, RATE = 1_000.0, 200.0
# Bytes that wait for a client that does not read, beside the frame that filled the buffer.
MOST_UNREAD = 256 * 1024

Protocol: Any = daphne.ws_protocol.WebSocketProtocol


class BoundedProtocol(Protocol):
    """Hangs up on a client that sends far more frames than any page does.

    A client that does not read is not read either: its acknowledgements and pings would only make
    more for it to read. Pings of the server then find it gone, or the missing acknowledgement does.
    """

    left = BURST
    counted_at = 0.0
    hung_up = False
    stuck = False
    unread = 0

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

    def hang_up(self) -> None:
        if not self.hung_up:
            self.hung_up = True
            self.dropConnection(abort=True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        now = time.monotonic()
        self.left = min(BURST, self.left + RATE * (now - (self.counted_at or now))) - 1
        self.counted_at = now
        if self.left < 0:
            self.hang_up()
        if not self.hung_up:
            super().onMessage(payload, isBinary)

    def sendMessage(self, payload: bytes, isBinary: bool = False) -> None:  # noqa: N802, N803
        if self.stuck:
            # What came in before it was paused may still be answered.
            self.unread += len(payload)
            if self.unread > MOST_UNREAD:
                self.hang_up()
                return
        if self.state == self.STATE_OPEN and not self.send_queue:
            self.transport.write(frame_of(payload, isBinary))
        else:
            super().sendMessage(payload, isBinary)


def frame_of(payload: bytes, is_binary: bool) -> bytes:
    """One whole message of a server: not masked, not compressed, not in parts.

    RFC 6455, section 5.2. autobahn's way to the same bytes costs as much as making the payload, and
    it holds what we send to the bound on what may come in.
    """
    size = len(payload)
    first = b"\x82" if is_binary else b"\x81"
    if size < 126:
        return first + size.to_bytes(1) + payload
    if size < 1 << 16:
        return first + b"\x7e" + size.to_bytes(2) + payload
    return first + b"\x7f" + size.to_bytes(8) + payload


def bound(factory: Any) -> None:
    """Put the bounds on daphne's websocket factory."""
    factory.protocol = BoundedProtocol
    factory.setProtocolOptions(maxFramePayloadSize=MOST_BYTES, maxMessagePayloadSize=MOST_BYTES)
