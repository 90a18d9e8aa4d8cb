"""The events of an answer, in batches of what came at once.

Chat completions are read from the bytes of huggingface_hub's response: the objects that it makes
of each event cost more than everything else that is done with one (docs/performance.md).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from chat.providers.classify import by_frame
from chat.providers.dialect import Event, read_chat, read_completion
from chat.providers.failures import AttemptError
from chat.providers.transport import EventStream

_DONE = b"data: [DONE]"


async def chat_events(body: EventStream) -> AsyncIterator[list[Event]]:
    """Raises AttemptError, and ValueError, TypeError, LookupError or AttributeError for what is no
    event of a chat completion."""
    async for lines in body:
        batch: list[Event] = []
        failure = None
        for line in filter(None, lines.split(b"\n")):
            if line == _DONE:
                yield batch
                return
            try:
                batch.append(read_chat(payload_of(line)))
            except Exception as exc:  # after what came before it in the same read
                failure = exc
                break
        yield batch
        if failure is not None:
            raise failure


def payload_of(line: bytes) -> Any:
    """The JSON of a `data: ` line. Raises AttemptError for an error in place of an event."""
    payload = json.loads(line[6:].decode("utf-8", "replace"))
    if payload.get("error") is not None:
        named = {key: payload.get(key) for key in ("error", "error_type")}
        raise AttemptError(by_frame(str(named)))
    return payload


async def completion_events(tokens: AsyncIterator[Any]) -> AsyncIterator[list[Event]]:
    """The events of text generation, as huggingface_hub reads them."""
    async for token in tokens:
        yield [read_completion(token)]
