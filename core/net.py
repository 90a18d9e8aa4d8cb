"""Detect data on an idle connection, which mostly means that the peer has closed it."""

from select import POLLIN, poll


def has_unread_data(fileno: int) -> bool:
    """Return whether the socket has unread bytes or an end of stream; returns at once."""
    poller = poll()
    poller.register(fileno, POLLIN)
    return bool(poller.poll(0))
