"""Parse an event stream into payloads, and encode payloads for huggingface_hub.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json

from chat.llm.providers.error_codes import code_for_error
from chat.llm.providers.errors import AttemptError

_BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"
# Line ends for `str.splitlines`, which huggingface_hub uses, but not in SSE or JSON.
_SEPARATORS = (
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
    (b"\xc2\x85", rb"\u0085"),
)


class EventLines:
    """Extracts the payloads of complete `data:` lines from raw chunks.

    Comments, empty lines and other fields are dropped. Raises AttemptError for a line of more than
    `limit` bytes and for errors in formats that huggingface_hub overlooks. If good lines precede
    the error in the same chunk, it is kept in `failure` instead, to be raised after them.
    """

    __slots__ = ("_error_event", "_limit", "_rest", "failure")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._error_event = False
        self.failure: AttemptError | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add a chunk and return the payloads that are complete."""
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
        """Return the payload of a last line without a line end; none if its JSON is cut."""
        payload = self._parse(bytes(self._rest))
        self._rest.clear()
        if payload and payload != DONE:
            try:
                json.loads(payload)
            except ValueError:
                return []
        return [payload] if payload else []

    def _parse(self, line: bytes) -> bytes:
        """Return the payload of a `data:` line, b"" for any other line."""
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
    """Return the payloads as lines that huggingface_hub parses correctly."""
    lines = b"".join([b"data: %s\n" % payload for payload in payloads])
    for raw, escaped in _SEPARATORS:
        lines = lines.replace(raw, escaped)
    return lines


def _error_from(payload: bytes) -> AttemptError:
    return AttemptError(code_for_error(payload[:16_384].decode("utf-8", "replace")))
