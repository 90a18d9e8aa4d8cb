"""The bytes of an event stream, made such that huggingface_hub reads every line of it rightly.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json

from chat.providers.classify import by_frame
from chat.providers.failures import AttemptError

_BOM = b"\xef\xbb\xbf"
DONE = b"data: [DONE]\n"
# Line ends to `str.splitlines`, which huggingface_hub's HTTP library uses, but not to SSE or JSON.
_SEPARATORS = (
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
    (b"\xc2\x85", rb"\u0085"),
)


class EventLines:
    """Raw chunks in, whole `data:` lines out.

    Comments, empty lines and fields that say nothing here are left out; `[DONE]` is written the one
    way that huggingface_hub knows. Raises AttemptError for an error frame in a dialect that it
    overlooks and for a line of more than `limit` bytes; `failure` is one that came behind good
    lines in the same chunk, to be raised after they are used.
    """

    __slots__ = ("_error_event", "_limit", "_rest", "failure")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._error_event = False
        self.failure: AttemptError | None = None

    def feed(self, chunk: bytes) -> bytes:
        self._rest += chunk
        if b"\n" not in chunk:
            self._check(self._rest)
            return b""
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        good: list[bytes] = []
        try:
            good.extend(map(self._line, lines))
            self._check(rest)
        except AttemptError as exc:
            self.failure = exc
        return b"".join(good)

    def close(self) -> bytes:
        """What a last line without a line end says; nothing if it is cut in the middle."""
        line = self._line(bytes(self._rest))
        if not line or line == DONE:
            return line
        try:
            json.loads(line[5:])
        except ValueError:
            return b""
        return line

    def _line(self, line: bytes) -> bytes:
        self._check(line)
        if line.startswith(b"data:"):
            return self._data(line[5:].strip())
        line = line.strip().removeprefix(_BOM)
        if not line:
            self._error_event = False
        elif line.startswith(b"event:"):
            self._error_event = line[6:].strip() == b"error"
        elif line.startswith((b"{", b"error:")):
            raise _error_frame(line)
        return self._data(line[5:].strip()) if line.startswith(b"data:") else b""

    def _data(self, payload: bytes) -> bytes:
        if self._error_event:
            raise _error_frame(payload)
        if payload == b"[DONE]":
            return DONE
        if not payload:
            return b""
        for raw, escaped in _SEPARATORS:
            if raw in payload:
                payload = payload.replace(raw, escaped)
        return b"data: " + payload + b"\n"

    def _check(self, line: bytes | bytearray) -> None:
        if len(line) > self._limit:
            raise AttemptError("frame_too_large")


def _error_frame(payload: bytes) -> AttemptError:
    return AttemptError(by_frame(payload[:16_384].decode("utf-8", "replace")))
