"""Whether a peer said something on a connection that is idle: mostly its goodbye."""

from select import POLLIN, poll


def has_unread_data(fileno: int) -> bool:
    """Whether there are bytes, or an end, that nobody has read from this socket; does not wait."""
    looking = poll()
    looking.register(fileno, POLLIN)
    return bool(looking.poll(0))
