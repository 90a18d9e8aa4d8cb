"""Limit the time and size of an incoming HTTP request, and the number of waiting connections.

Twisted restarts its own timeout with every byte, and does not limit the size of a request body.
"""

from typing import Any

import twisted.web.http

from core.server.request_headers import FilteredRequest, allowed_headers

# Seconds for a whole request from its first byte; each BYTES_A_SECOND received add one second.
REQUEST_SECONDS, BYTES_A_SECOND = 20.0, 4096
# Size limit of a whole request: twice the size of the form with the longest message.
MAX_REQUEST_BYTES = 2 * 1024 * 1024
# Connections without a complete request, new or idle. Beyond that the oldest one is closed.
MAX_WAITING = 512
TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
BAD_REQUEST = (
    b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 47\r\n\r\nThe server could not understand this request.\r\n"
)

Channel: Any = twisted.web.http.HTTPChannel
# The waiting connections of this process, the oldest first (a dict keeps the order).
waiting: "dict[BoundedChannel, None]" = {}


class BoundedChannel(Channel):
    """An HTTP connection that enforces the limits while it waits for a request.

    It waits from its start, or from the end of a response, until the next request is complete. A
    connection that becomes a websocket stops waiting with its handshake request.
    """

    received_bytes = 0
    deadline: Any = None
    # Set on the class, and so for all connections, by `apply_limits`.
    allowed_headers: frozenset[bytes] = frozenset()

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's)
        super().connectionMade()
        # daphne's factory sets its own request class when it creates the connection; override it.
        self.requestFactory = FilteredRequest
        self.begin_to_wait()
        self.begin_deadline()

    def begin_to_wait(self) -> None:
        """Register as waiting, and close the oldest waiting connection if there are too many."""
        waiting[self] = None
        if len(waiting) > MAX_WAITING:
            oldest = next(iter(waiting))
            oldest.end_waiting()
            oldest.transport.abortConnection()

    def begin_deadline(self) -> None:
        """Start the time limit of one request."""
        self.received_bytes = 0
        self.deadline = self.callLater(REQUEST_SECONDS, self.transport.abortConnection)

    def end_waiting(self) -> None:
        """Stop counting as waiting, and cancel the time limit."""
        waiting.pop(self, None)
        if self.deadline is not None and self.deadline.active():
            self.deadline.cancel()
        self.deadline = None

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's)
        """Extend the time limit by the received bytes, and refuse a request that is too large."""
        if self in waiting:
            if self.deadline is None:
                self.begin_deadline()
            self.received_bytes += len(data)
            self.deadline.delay(len(data) / BYTES_A_SECOND)
            if self.received_bytes > MAX_REQUEST_BYTES:
                self.end_waiting()
                self.transport.write(TOO_LARGE)
                self.timeoutConnection()
                return
        super().dataReceived(data)

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802 (Twisted's)
        """Send a 400 response with a sentence; Twisted offers only this private method to do so."""
        self.transport.write(BAD_REQUEST)
        self.loseConnection()

    def allContentReceived(self) -> None:  # noqa: N802 (Twisted's)
        self.end_waiting()
        super().allContentReceived()

    def requestDone(self, request: Any) -> None:  # noqa: N802 (Twisted's)
        if self.persistent:
            self.begin_to_wait()
        else:
            # It closes once the client has read everything, which may never happen: set a timeout.
            self.setTimeout(self.timeOut)
        super().requestDone(request)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 (Twisted's)
        self.end_waiting()
        super().connectionLost(reason)


def apply_limits(factory: Any) -> None:
    """Make daphne's HTTP factory use `BoundedChannel`, with the allow-list of headers."""
    BoundedChannel.allowed_headers = allowed_headers()
    factory.protocol = BoundedChannel
