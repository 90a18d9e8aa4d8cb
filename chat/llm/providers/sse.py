"""The bytes of an event stream: what its events say, for us and, encode_lines, for huggingface_hub.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json

from chat.llm.providers.error_codes import code_for_error
from chat.llm.providers.errors import AttemptError

_BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"
# Line ends to `str.splitlines`, which huggingface_hub's HTTP library uses, but not to SSE or JSON.
_SEPARATORS = (
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
    (b"\xc2\x85", rb"\u0085"),
)


class EventLines:
    """Raw chunks in, what whole `data:` lines say out.

    Comments, empty lines and fields that say nothing here are left out. Raises AttemptError for an
    error frame in a dialect that huggingface_hub overlooks and for a line of more than `limit`
    bytes; `failure` is one that came behind good lines in the same chunk, to be raised after they
    are used.
    """

    __slots__ = ("_error_event", "_limit", "_rest", "failure")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._error_event = False
        self.failure: AttemptError | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        self._rest += chunk
        if b"\n" not in chunk:
            self._check(self._rest)
            return []
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        good: list[bytes] = []
        try:
            good.extend(filter(None, map(self._parse, lines)))
            self._check(rest)
        except AttemptError as exc:
            self.failure = exc
        return good

    def close(self) -> list[bytes]:
        """What a last line without a line end says; nothing if it is cut in the middle."""
        said = self._parse(bytes(self._rest))
        self._rest.clear()
        if said and said != DONE:
            try:
                json.loads(said)
            except ValueError:
                return []
        return [said] if said else []

    def _parse(self, line: bytes) -> bytes:
        self._check(line)
        if not line.startswith(b"data:"):
            line = line.strip().removeprefix(_BOM)
            if not line:
                self._error_event = False
            elif line.startswith(b"event:"):
                self._error_event = line[6:].strip() == b"error"
            elif line.startswith((b"{", b"error:")):
                raise _error_from(line)
            if not line.startswith(b"data:"):
                return b""
        payload = line[5:].strip()
        if self._error_event:
            raise _error_from(payload)
        return payload

    def _check(self, line: bytes | bytearray) -> None:
        if len(line) > self._limit:
            raise AttemptError("frame_too_large")


def encode_lines(payloads: list[bytes]) -> bytes:
    """Lines that huggingface_hub reads rightly, `[DONE]` the one way that it knows."""
    lines = b"".join([b"data: %s\n" % payload for payload in payloads])
    for raw, escaped in _SEPARATORS:
        lines = lines.replace(raw, escaped)
    return lines


def _error_from(payload: bytes) -> AttemptError:
    return AttemptError(code_for_error(payload[:16_384].decode("utf-8", "replace")))
