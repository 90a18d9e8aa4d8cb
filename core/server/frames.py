"""The frames of a websocket that pages and this server send all the time (RFC 6455, section 5.2).

autobahn's way to the same bytes is made for frames of every kind, in parts, and costs as much as
making what is sent.
"""

from typing import NamedTuple

from autobahn.exception import Disconnected

__all__ = ["LISTEN", "Disconnected", "Frame", "encode_frame", "parse_short_text_frame"]

# An event of an application to its websocket: `listener` is called with each text that comes in and
# says whether that was for it. All else is received as always.
LISTEN = "websocket.listen"
_LAST_TEXT, _LAST_BINARY, _COMPRESSED = 0x81, 0x82, 0x40
_MASKED, _SHORT = 0x80, 126
_HEAD = 6


class Frame(NamedTuple):
    """One whole message of text; `compressed` by permessage-deflate (RFC 7692)."""

    payload: bytes
    compressed: bool


def encode_frame(payload: bytes, *, binary: bool, compressed: bool) -> bytes:
    """One whole message of a server: not masked, not in parts."""
    size = len(payload)
    first = (_LAST_BINARY if binary else _LAST_TEXT) | (_COMPRESSED if compressed else 0)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


def parse_short_text_frame(data: bytes) -> Frame | None:
    """What a client sent, if it is exactly one short message of text; None for all else."""
    size = len(data) - _HEAD
    if not 0 < size < _SHORT or data[0] & ~_COMPRESSED != _LAST_TEXT or data[1] != _MASKED | size:
        return None
    mask = (data[2:_HEAD] * (size // 4 + 1))[:size]
    payload = int.from_bytes(data[_HEAD:]) ^ int.from_bytes(mask)
    return Frame(payload.to_bytes(size), bool(data[0] & _COMPRESSED))
