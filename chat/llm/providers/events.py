"""Read the events of an answer, in batches of those that arrived together.

Chat completions are parsed from the bytes of huggingface_hub's response: the objects it makes of
each event cost more CPU time than all other work on an event (docs/performance-log.md).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Protocol

from chat.llm.providers.errors import error_from_text
from chat.llm.providers.hf_transport import EventStream
from chat.llm.providers.sse import DONE
from chat.llm.providers.stream_parsers import Event, parse_chat_event, parse_completion_event


class Events(Protocol):
    """A stream of events; `is_done` once the server has sent `[DONE]`.

    `has_bytes` tells that the server sent something, which may be no event.

    `read_available` returns what has arrived, without waiting. `read` waits for the next batch and
    returns None at the end. Both raise AttemptError, and ValueError, TypeError, LookupError or
    AttributeError for a malformed event.
    """

    @property
    def is_done(self) -> bool: ...
    @property
    def has_bytes(self) -> bool: ...
    def read_available(self) -> list[Event]: ...
    async def read(self) -> list[Event] | None: ...


class ChatEvents:
    """The events of a chat completion."""

    def __init__(self, body: EventStream) -> None:
        self._body = body
        self._failure: Exception | None = None
        self.is_done = False

    @property
    def has_bytes(self) -> bool:
        return self._body.has_bytes

    def read_available(self) -> list[Event]:
        ended = self.is_done or self._failure is not None
        return [] if ended else self._batch(self._body.read_available())

    async def read(self) -> list[Event] | None:
        if self._failure is not None:
            raise self._failure
        payloads = None if self.is_done else await self._body.read()
        return None if payloads is None else self._batch(payloads)

    def _batch(self, payloads: list[bytes]) -> list[Event]:
        batch: list[Event] = []
        for payload in payloads:
            if payload == DONE:
                self.is_done = True
                break
            try:
                batch.append(parse_chat_event(parse_chunk(payload)))
            except Exception as exc:  # raised after the good events of this batch
                self._failure = exc
                break
        return batch


def parse_chunk(payload: bytes) -> Any:
    """Return an event's JSON; raises AttemptError if it is an error message."""
    chunk = json.loads(payload.decode("utf-8", "replace"))
    if chunk.get("error") is not None:
        named = {key: chunk.get(key) for key in ("error", "error_type")}
        raise error_from_text(str(named))
    return chunk


class CompletionEvents:
    """The events of text generation, as parsed by huggingface_hub."""

    def __init__(self, tokens: AsyncIterator[Any], body: EventStream | None) -> None:
        self._tokens = tokens
        self._body = body

    @property
    def is_done(self) -> bool:
        return self._body is not None and self._body.is_done

    @property
    def has_bytes(self) -> bool:
        return self._body is not None and self._body.has_bytes

    def read_available(self) -> list[Event]:
        return []

    async def read(self) -> list[Event] | None:
        async for token in self._tokens:
            return [parse_completion_event(token)]
        return None
