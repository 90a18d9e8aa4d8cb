"""From a run to its outcome: load the branch, assemble the request, take the stream."""

import logging
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from chat import prompts
from chat.conversations import reading
from chat.errors import ChatError, ProviderError
from chat.events import Outcome, Usage
from chat.generation.endpoint import CAPS, deadlines, endpoint, unserved
from chat.models import Message, Run, Status
from chat.providers import (
    ChatRequest,
    Finish,
    Piece,
    Sampling,
    Waiting,
    stream,
)
from chat.tokens import counter

log = logging.getLogger("chat.generation")


class Sink(Protocol):
    """Where the text goes."""

    def feed(self, piece: str) -> None: ...
    def tell(self, notice: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to be sent, and what it weighs."""

    request: ChatRequest
    prompt_tokens: int
    exact: bool
    tokenizer: str


def prepare(run: Run, message: Message) -> Prepared:
    """Read the branch and assemble the request; database work, so off the event loop.

    Raises ChatError `not_configured`, `completion_unsupported` or `context_too_long`.
    """
    model = run.model
    refused = unserved(model)
    if model is None or refused:
        raise ChatError(refused.code if refused else "not_configured")
    target = prompts.Target(
        repo_id=run.repo_id,
        kind="completion" if model.kind == "completion" else "chat",
        window=model.context_window,
        sampling=Sampling(
            max_tokens=run.max_tokens,
            temperature=run.temperature,
            top_p=run.top_p,
            frequency_penalty=run.frequency_penalty,
        ),
    )
    made = prompts.assemble(
        run.prompt_version.text if run.prompt_version else "",
        reading.spoken_before(message),
        target,
        counter(model.tokenizer),
        partial=message.text if run.is_continuation else "",
    )
    return Prepared(made.request, made.prompt_tokens, made.exact, model.tokenizer)


class Clock:
    """Milliseconds since the run began: to the first and to the last token."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.first: int | None = None
        self.last: int | None = None

    def token(self) -> None:
        self.last = round((time.monotonic() - self.began) * 1000)
        self.first = self.last if self.first is None else self.first


async def write(prepared: Prepared, sink: Sink, clock: Clock) -> Outcome:
    """Take the stream to its end. Errors become an outcome; cancellation goes through."""
    parts: list[str] = []
    try:
        async with aclosing(stream(endpoint(), prepared.request, deadlines(), CAPS)) as items:
            async for item in items:
                if isinstance(item, Piece):
                    clock.token()
                    parts.append(item.text)
                    sink.feed(item.text)
                elif isinstance(item, Waiting):
                    sink.tell(waiting_sentence(item))
                else:
                    return finished(prepared, item, "".join(parts), clock)
    except ProviderError as problem:
        level = logging.ERROR if problem.tells_operator else logging.WARNING
        log.log(level, "upstream failed: %s", problem.detail)
        return failed(prepared, problem.code, "".join(parts), clock)
    return failed(prepared, "no_finish", "".join(parts), clock)


def waiting_sentence(item: Waiting) -> str:
    seconds = max(1, round(item.seconds))
    return f"The model server is busy. Trying again in {seconds} s …"


def finished(prepared: Prepared, item: Finish, text: str, clock: Clock) -> Outcome:
    return Outcome(
        status=Status.COMPLETE,
        finish_reason=item.reason,
        usage=usage(prepared, text, clock, item.prompt_tokens, item.answer_tokens),
    )


def failed(prepared: Prepared, code: str, text: str, clock: Clock) -> Outcome:
    return Outcome(status=Status.FAILED, error_code=code, usage=usage(prepared, text, clock))


def usage(
    prepared: Prepared,
    text: str,
    clock: Clock,
    prompt_tokens: int | None = None,
    answer_tokens: int | None = None,
) -> Usage:
    """The server's counts where it sent them, else our own."""
    told = prompt_tokens is not None and answer_tokens is not None
    if answer_tokens is None:
        answer_tokens = counter(prepared.tokenizer).text(text) if text else 0
    return Usage(
        prompt_tokens=prepared.prompt_tokens if prompt_tokens is None else prompt_tokens,
        answer_tokens=answer_tokens,
        exact=told or prepared.exact,
        first_token_ms=clock.first,
        last_token_ms=clock.last,
    )
