"""`stream`: one answer from one model server, with deadlines, caps and retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from random import SystemRandom

from chat.errors import ProviderError
from chat.llm.providers.accumulator import AnswerAccumulator
from chat.llm.providers.capabilities import can_serve
from chat.llm.providers.client import make_client, open_stream
from chat.llm.providers.deadlines import DeadlineTimer
from chat.llm.providers.errors import AttemptError, translate
from chat.llm.providers.events import ChatEvents, CompletionEvents, Events
from chat.llm.providers.hf import AsyncInferenceClient
from chat.llm.providers.hf_transport import Attempt
from chat.llm.providers.stream_parsers import Event
from chat.llm.providers.types import (
    ChatRequest,
    Deadlines,
    Endpoint,
    Finish,
    Item,
    Limits,
    Retry,
    TextDelta,
    Waiting,
)

_RETRIED = frozenset(
    {
        "connect_refused",
        "dns",
        "connect_timeout",
        "cut",
        "rate_limited",
        "upstream_error",
        "overloaded",
        "model_loading",
        "gateway_timeout",
    }
)
_DEFAULT_RETRY = Retry()
_random = SystemRandom()
# Servers that refused a request for naming `stream_options`; they are not asked for counts again.
_without_usage: set[tuple[str, str]] = set()


async def stream(
    endpoint: Endpoint,
    request: ChatRequest,
    deadlines: Deadlines,
    caps: Limits,
    retry: Retry = _DEFAULT_RETRY,
) -> AsyncGenerator[Item]:
    """The answer to `request` as it is written: `Piece`s, before them perhaps `Waiting`s, at the
    end one `Finish`.

    Raises ProviderError where the answer is not complete; the pieces so far are good text.
    Cancelling the task that iterates hangs up on the server in every phase; one that leaves early
    must close the generator, in the same task (`contextlib.aclosing`).
    """
    refused = can_serve(endpoint, request.kind)
    failure = None if refused is None else ProviderError(refused.code)
    total_at = asyncio.get_running_loop().time() + deadlines.total
    attempt = 0
    here = endpoint
    while failure is None:
        attempt += 1
        answer, clock = AnswerAccumulator(request, caps), DeadlineTimer(deadlines, total_at)
        try:
            async with aclosing(_attempt(here, request, caps, answer, clock)) as items:
                async for item in items:
                    yield item
            return
        except AttemptError as exc:
            if exc.blames_usage and _leave_usage_out(endpoint):
                attempt -= 1
                continue
            if exc.lost:
                attempt, here = attempt - 1, replace(endpoint, keep_alive=False)
                continue
            failure = exc.error()
        # Outside the handler: an error made inside it would carry the refusal as its context.
        wait = _wait(failure, answer, retry, attempt, total_at)
        if wait is not None:
            yield Waiting(wait, attempt, failure.code)
            failure = None
            await asyncio.sleep(wait)
    raise failure


def _wait(
    failure: ProviderError, answer: AnswerAccumulator, retry: Retry, attempt: int, total_at: float
) -> float | None:
    """Seconds until the next attempt, None if there is to be none."""
    if answer.started or failure.code not in _RETRIED or attempt > retry.attempts:
        return None
    asked = failure.retry_after
    if asked is not None and asked > retry.cap:
        return None
    wait = retry.base * 2 ** (attempt - 1) * _random.uniform(0.75, 1.25) if asked is None else asked
    left = total_at - asyncio.get_running_loop().time()
    return wait if wait < left else None


async def _attempt(
    endpoint: Endpoint,
    request: ChatRequest,
    caps: Limits,
    answer: AnswerAccumulator,
    clock: DeadlineTimer,
) -> AsyncGenerator[TextDelta | Finish]:
    """One request. Raises nothing but AttemptError."""
    failure, is_done = None, False
    try:
        async with make_client(endpoint, request) as client:
            events = await _open(client, endpoint, request, caps, clock)
            while not answer.ended and (batch := await _next(events, clock)) is not None:
                text = "".join([answer.take(event) for event in batch if not answer.ended])
                if text:
                    yield TextDelta(text)
                # After the yield: what the reader takes is no silence of the server.
                _advance(clock, answer, batch)
            is_done = events.is_done
    except Exception as exc:
        failure = translate(exc)
    if failure is not None and not _is_harmless(failure, answer):
        raise failure
    if text := answer.rest():
        yield TextDelta(text)
    yield answer.finish(is_done=is_done)


def _advance(clock: DeadlineTimer, answer: AnswerAccumulator, batch: list[Event]) -> None:
    """Set the next deadline; token counts and empty events do not move it."""
    if not any(event.token or event.reason for event in batch):
        return
    if answer.is_finished and not answer.is_doubtful:
        clock.finished()
    elif answer.started:
        clock.token()


def _is_harmless(failure: AttemptError, answer: AnswerAccumulator) -> bool:
    """Whether the answer is whole all the same: it had its finish reason before. Of a server whose
    reasons are doubtful only silence is taken for an end."""
    return answer.is_finished and (not answer.is_doubtful or failure.code == "idle_timeout")


def _leave_usage_out(endpoint: Endpoint) -> bool:
    """From now on; False if it is left out already."""
    server = (endpoint.kind, endpoint.base_url)
    known = server in _without_usage
    _without_usage.add(server)
    return not known


async def _open(
    client: AsyncInferenceClient,
    endpoint: Endpoint,
    request: ChatRequest,
    caps: Limits,
    clock: DeadlineTimer,
) -> Events:
    scope = asyncio.timeout_at(clock.when)

    def connected() -> None:
        clock.connected()
        scope.reschedule(clock.when)

    attempt = Attempt(
        endpoint.router_map, caps.frame_bytes, connected, keep_alive=endpoint.keep_alive
    )
    usage = (endpoint.kind, endpoint.base_url) not in _without_usage
    try:
        async with scope:
            tokens = await open_stream(client, endpoint, request, attempt, usage=usage)
    except TimeoutError:
        raise AttemptError(clock.code) from None
    if request.kind == "completion" or attempt.body is None:
        return CompletionEvents(tokens, attempt.body)
    return ChatEvents(attempt.body)


async def _next(events: Events, clock: DeadlineTimer) -> list[Event] | None:
    """What came next, None at the end of the stream. Raises AttemptError when a deadline passes."""
    if batch := events.ready():
        # To set up a timeout costs more than to read an event.
        if clock.is_past:
            raise AttemptError(clock.code)
        return batch
    try:
        async with asyncio.timeout_at(clock.when):
            return await events.read()
    except TimeoutError:
        raise AttemptError(clock.code) from None
