"""Tell what a response with status 200 holds by its first bytes: events, JSON, or something else.

Some gateways label a stream as JSON or plain text, and servers that cannot stream send the whole
answer as one JSON object: https://github.com/huggingface/chat-ui/issues/657
"""

from __future__ import annotations

import json
from typing import Any, Literal

from chat.llm.providers.errors import AttemptError, error_from_text
from chat.llm.providers.sse import BOM, is_json_object
from chat.provider_error import Evidence

_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b"error:")
BodyKind = Literal["unknown", "events", "json", "other"]


def body_kind(start: bytes, *, is_labelled: bool) -> BodyKind:
    """Return what a body is that starts with these bytes, "unknown" if more are needed.

    `is_labelled` tells that its content type is `text/event-stream`; then unknown fields are events
    too, because the standard says to ignore them.
    """
    if BOM.startswith(start):
        return "unknown"
    start = start.removeprefix(BOM).lstrip()
    if not start:
        return "unknown"
    if start[:1] in b"{[":
        return "json"
    if start[:1] == b"<":
        return "other"
    if is_labelled or start[:1] == b":" or start.startswith(_FIELDS):
        return "events"
    return "unknown" if any(field.startswith(start) for field in _FIELDS) else "other"


class BodyStart:
    """Collects a body until it is known to be a stream of events, or a JSON document is whole.

    `asked` is the address as administrators may see it. Raises AttemptError `not_a_stream`,
    `frame_too_large` beyond `limit` bytes, or the code of an error that the document holds.
    """

    def __init__(self, content_type: str, limit: int, asked: str = "") -> None:
        media_type = media_type_of(content_type)
        self._evidence = Evidence(status=200, asked=asked, content_type=media_type)
        self._is_labelled = media_type == "text/event-stream"
        self._limit = limit
        self._body = bytearray()
        self._kind: BodyKind = "unknown"
        self._next_test = 0

    def feed(self, chunk: bytes) -> bytes | None:
        """Return all bytes so far if they are events, None otherwise."""
        self._body += chunk
        if self._kind == "unknown":
            # Some servers send empty lines to keep the connection alive.
            self._body = self._body.removeprefix(BOM).lstrip()
            self._kind = body_kind(bytes(self._body[:256]), is_labelled=self._is_labelled)
        if self._kind == "other":
            raise self._refusal()
        if self._kind == "events":
            return bytes(self._body)
        if len(self._body) > self._limit:
            raise AttemptError("frame_too_large")
        return None

    def document(self, *, at_end: bool) -> bytes | None:
        """Return a JSON document with an answer, None if it is not whole yet.

        It is tested at the end, and before that only when the body has doubled since the last
        test, so that the work stays linear.
        """
        if self._kind != "json" or not (at_end or len(self._body) >= self._next_test):
            return None
        self._next_test = 2 * len(self._body)
        text = bytes(self._body).removeprefix(BOM).strip()
        try:
            document = json.loads(text.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        if not holds_answer(document):
            raise self._document_error(document)
        return text

    def rest(self) -> bytes:
        """Return the body at its end, for the parser of events; that finds errors in it.

        Raises AttemptError if it cannot be a stream.
        """
        body = bytes(self._body)
        first_line = body.removeprefix(BOM).strip().partition(b"\n")[0].rstrip()
        if first_line and not (self._is_labelled and is_json_object(first_line)):
            raise self._refusal()
        return body

    def _document_error(self, document: Any) -> AttemptError:
        names = ("error", "errors", "detail", "message", "code", "error_type")
        named = document if isinstance(document, dict) else {}
        if not any(named.get(name) for name in names[:4]):
            return self._refusal()
        error = error_from_text(str({name: named.get(name) for name in names}))
        return self._refusal() if error.code == "stream_error" else error

    def _refusal(self) -> AttemptError:
        return AttemptError("not_a_stream", evidence=self._evidence)


def holds_answer(document: Any) -> bool:
    """Return whether a JSON document is a whole answer: `chat.completion` or `text_completion`.

    Format: https://platform.openai.com/docs/api-reference/chat/object
    """
    if not isinstance(document, dict) or document.get("error") is not None:
        return False
    choices = document.get("choices")
    if not isinstance(choices, list):
        return False
    return any(
        isinstance(choice, dict) and any(choice.get(key) for key in ("message", "delta", "text"))
        for choice in choices
    )


def media_type_of(content_type: str) -> str:
    """Return the media type in lower case, "" if it is not one that can be shown."""
    media_type = content_type.partition(";")[0].strip().lower()
    plain = media_type.replace("/", "", 1).replace("-", "").replace("+", "").replace(".", "")
    is_plain = plain.isascii() and plain.isalnum() and len(media_type) <= 60
    return media_type if is_plain else ""
