"""Parse an event stream into payloads, and encode payloads for huggingface_hub.

Format: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

import json

from chat.llm.providers.errors import AttemptError, error_from_text

BOM = b"\xef\xbb\xbf"
DONE = b"[DONE]"
# Line ends for `str.splitlines`, which huggingface_hub uses, but not in SSE or JSON. A line feed
# of an event with several lines stands between JSON's tokens, where a blank means the same.
_SEPARATORS = (
    (b"\n", b" "),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
    (b"\xc2\x85", rb"\u0085"),
)


class EventLines:
    """Extracts the payloads of complete events from raw chunks.

    Lines end with LF, CR LF or CR. Comments and other fields are dropped. Some servers end events
    with a single line end: a `data:` line that is a complete JSON object by itself is an event
    without waiting for the empty line. Raises AttemptError for an event of more than `limit` bytes
    and for errors in formats that huggingface_hub overlooks. If good events precede the error in
    the same chunk, it is kept in `failure` instead, to be raised after them.
    """

    __slots__ = (
        "_after_cr",
        "_data",
        "_event",
        "_is_tested",
        "_limit",
        "_ready",
        "_rest",
        "_size",
        "failure",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()
        self._after_cr = False
        self._event = b""
        self._data: list[bytes] = []
        self._size = 0
        self._is_tested = False
        self._ready: list[bytes] = []
        self.failure: AttemptError | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Add a chunk and return the payloads that are complete."""
        if self._after_cr or b"\r" in chunk:
            chunk = self._convert_line_ends(chunk)
        self._rest += chunk
        try:
            if b"\n" in chunk:
                self._parse_lines()
            self._check(len(self._rest))
        except AttemptError as exc:
            if not self._ready:
                raise
            self.failure = exc
        return self._take_ready()

    def close(self) -> list[bytes]:
        """Return the payload of a last event without its end; none if its JSON is cut."""
        line = bytes(self._rest)
        self._rest.clear()
        if line:
            self._parse(line)
        if self._event == b"error" or self._data == [DONE] or is_json_object(self._payload()):
            self._dispatch()
        return self._take_ready()

    def _convert_line_ends(self, chunk: bytes) -> bytes:
        if self._after_cr:
            chunk = chunk.removeprefix(b"\n")
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _parse_lines(self) -> None:
        *lines, rest = bytes(self._rest).split(b"\n")
        self._rest = bytearray(rest)
        for line in lines:
            if not line:
                self._dispatch()
            elif line.startswith(b"data:"):
                self._add_data(line[5:].strip())
            else:
                self._parse(line)
        if self._data and not rest and self._event != b"error" and self._is_complete():
            self._dispatch()

    def _parse(self, line: bytes) -> None:
        """Parse any line; those that start with `data:` at once come here only at the end."""
        line = line.strip().removeprefix(BOM)
        if not line:
            self._dispatch()
        elif line.startswith(b"data:"):
            self._add_data(line[5:].strip())
        elif line.startswith(b"event:"):
            self._event = line[6:].strip()
        elif line.startswith((b"{", b"error:")) and not self._data:
            raise _error_from(line)

    def _add_data(self, payload: bytes) -> None:
        if self._data and (payload == DONE or self._is_complete()):
            self._dispatch()
        self._data.append(payload)
        self._size += len(payload) + 1
        self._is_tested = False
        self._check(self._size)
        if payload == DONE:
            self._dispatch()

    def _dispatch(self) -> None:
        """End the event: its payload is ready, unless the event is an error or empty."""
        payload, event = self._payload(), self._event
        self._event = b""
        if not self._data:
            return
        self._data, self._size = [], 0
        if event == b"error":
            raise _error_from(payload)
        if payload:
            self._ready.append(payload)

    def _is_complete(self) -> bool:
        """Return whether the data so far is one line with a whole JSON object; tested once."""
        if self._is_tested or len(self._data) != 1:
            return False
        self._is_tested = True
        return is_json_object(self._data[0])

    def _payload(self) -> bytes:
        return self._data[0] if len(self._data) == 1 else b"\n".join(self._data)

    def _take_ready(self) -> list[bytes]:
        ready, self._ready = self._ready, []
        return ready

    def _check(self, size: int) -> None:
        if size > self._limit:
            raise AttemptError("frame_too_large")


def is_json_object(text: bytes) -> bool:
    """Return whether the text is a whole JSON object."""
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return False
    try:
        json.loads(text.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return True


def encode_lines(payloads: list[bytes]) -> bytes:
    """Return the payloads as lines that huggingface_hub parses correctly."""
    for raw, escaped in _SEPARATORS:
        payloads = [payload.replace(raw, escaped) for payload in payloads]
    return b"".join([b"data: %s\n" % payload for payload in payloads])


def _error_from(payload: bytes) -> AttemptError:
    return error_from_text(payload[:16_384].decode("utf-8", "replace"))
