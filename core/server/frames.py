"""Encode and parse the most frequent websocket frames (RFC 6455, section 5.2).

autobahn supports every kind of frame, fragmented ones too; its general code costs as much time as
producing the content of a frame.
"""

from typing import NamedTuple

from autobahn.exception import Disconnected

__all__ = ["LISTEN", "Disconnected", "Frame", "encode_frame", "parse_short_text_frame"]

# An extension of ASGI: the type of an event that an application may send to its websocket. Its
# `listener` is called with each incoming text message and returns whether it handled it; others
# arrive as usual. https://asgi.readthedocs.io/en/latest/extensions.html
LISTEN = "websocket.listen"
_LAST_TEXT, _LAST_BINARY, _COMPRESSED = 0x81, 0x82, 0x40
_MASKED, _SHORT = 0x80, 126
_HEAD = 6


class Frame(NamedTuple):
    """A complete text message; `compressed` means by permessage-deflate (RFC 7692)."""

    payload: bytes
    compressed: bool


def encode_frame(payload: bytes, *, binary: bool, compressed: bool) -> bytes:
    """Return a complete server message as one frame: unmasked and unfragmented."""
    size = len(payload)
    first = (_LAST_BINARY if binary else _LAST_TEXT) | (_COMPRESSED if compressed else 0)
    if size < _SHORT:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return bytes((first, 126)) + size.to_bytes(2) + payload
    return bytes((first, 127)) + size.to_bytes(8) + payload


def parse_short_text_frame(data: bytes) -> Frame | None:
    """Return the frame if `data` is exactly one short client text message, else None."""
    size = len(data) - _HEAD
    if not 0 < size < _SHORT or data[0] & ~_COMPRESSED != _LAST_TEXT or data[1] != _MASKED | size:
        return None
    mask = (data[2:_HEAD] * (size // 4 + 1))[:size]
    payload = int.from_bytes(data[_HEAD:]) ^ int.from_bytes(mask)
    return Frame(payload.to_bytes(size), bool(data[0] & _COMPRESSED))
