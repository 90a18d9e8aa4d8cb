"""How much a websocket client may send: daphne's own queue of what comes in has no bound."""

import time
from typing import Any

import daphne.ws_protocol

# Bytes of one frame and of one message. The page sends about twenty.
MOST_BYTES = 64 * 1024
# Frames at once and a second; a page acknowledges at most 60 a second.
BURST, RATE = 1_000.0, 200.0


Protocol: Any = daphne.ws_protocol.WebSocketProtocol


class BoundedProtocol(Protocol):
    """Hangs up on a client that sends far more frames than any page does."""

    left = BURST
    counted_at = 0.0
    flooded = False
    maxMessagePayloadSize: int  # noqa: N815 (autobahn's)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803 (autobahn's)
        now = time.monotonic()
        self.left = min(BURST, self.left + RATE * (now - (self.counted_at or now))) - 1
        self.counted_at = now
        if self.left < 0 and not self.flooded:
            self.flooded = True
            self.dropConnection(abort=True)
        if not self.flooded:
            super().onMessage(payload, isBinary)

    def sendMessage(self, *args: Any, **kwargs: Any) -> None:  # noqa: N802 (autobahn's)
        # autobahn would hold an answer that we send to the bound on what may come in.
        most, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
        try:
            super().sendMessage(*args, **kwargs)
        finally:
            self.maxMessagePayloadSize = most


def bound(factory: Any) -> None:
    """Put the bounds on daphne's websocket factory."""
    factory.protocol = BoundedProtocol
    factory.setProtocolOptions(maxFramePayloadSize=MOST_BYTES, maxMessagePayloadSize=MOST_BYTES)
