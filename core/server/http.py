"""How long a connection may take to say what it wants, and how many may wait to say it.

Twisted's own timeout begins anew with every byte, and its buffer for a body has no bound.
"""

from typing import Any

import twisted.web.http

from core.server.request_headers import FilteredRequest, allowed_headers

# Seconds for a whole request from its first byte, and for a further second so many bytes of it.
REQUEST_SECONDS, BYTES_A_SECOND = 20.0, 4096
# Bytes of a whole request: twice what the form of the longest message has.
MAX_REQUEST_BYTES = 2 * 1024 * 1024
# Connections without a request, new ones and idle ones; the one that waits longest goes first.
MAX_WAITING = 512
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 47\r\n\r\nThe server could not understand this request.\r\n"
)

Channel: Any = twisted.web.http.HTTPChannel
# In the order in which they began to wait; of one process.
waiting: "dict[BoundedChannel, None]" = {}


class BoundedChannel(Channel):
    """One HTTP connection. It waits from its beginning, or the end of an answer, until all of the
    next request has come; a websocket leaves it with its request."""

    came = 0
    deadline: Any = None
    # Set for all connections by `bound`.
    allowed_headers: frozenset[bytes] = frozenset()

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's)
        super().connectionMade()
        # daphne's factory names its own class after it has made the connection.
        self.requestFactory = FilteredRequest
        self.begin_to_wait()
        self.begin_deadline()

    def begin_to_wait(self) -> None:
        waiting[self] = None
        if len(waiting) > MAX_WAITING:
            longest = next(iter(waiting))
            longest.end_waiting()
            longest.transport.abortConnection()

    def begin_deadline(self) -> None:
        self.came = 0
        self.deadline = self.callLater(REQUEST_SECONDS, self.transport.abortConnection)

    def end_waiting(self) -> None:
        waiting.pop(self, None)
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's)
        if self in waiting:
            if self.deadline is None:
                self.begin_deadline()
            self.came += len(data)
            self.deadline.delay(len(data) / BYTES_A_SECOND)
            if self.came > MAX_REQUEST_BYTES:
                self.end_waiting()
                self.transport.write(TOO_LARGE)
                self.timeoutConnection()
                return
        super().dataReceived(data)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 (Twisted's)
        """As Twisted does, which has no other door here, and with a sentence."""
        self.transport.write(BAD_REQUEST)
        self.loseConnection()

    def allContentReceived(self) -> None:  # noqa: N802 (Twisted's)
        self.end_waiting()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802 (Twisted's)
        if self.persistent:
            self.begin_to_wait()
        else:
            # It closes when all is read, which a client may never do.
            self.setTimeout(self.timeOut)
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 (Twisted's)
        self.end_waiting()
        super().connectionLost(reason)


def apply_limits(factory: Any) -> None:
    """Put the bounds, and the allow-list of headers, on daphne's HTTP factory."""
    BoundedChannel.allowed_headers = allowed_headers()
    factory.protocol = BoundedChannel
