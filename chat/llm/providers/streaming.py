"""Stream one answer from a model server, with deadlines, limits and retries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from random import SystemRandom

from chat.llm.providers.accumulator import AnswerAccumulator
from chat.llm.providers.adaptation import Adaptation
from chat.llm.providers.capabilities import unsupported_reason
from chat.llm.providers.client import make_client, open_stream
from chat.llm.providers.deadlines import DeadlineTimer
from chat.llm.providers.dialect import PLAIN, Dialect
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
    ThoughtDelta,
    Waiting,
)
from chat.provider_error import ProviderError

_RETRYABLE = frozenset(
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


@dataclass(frozen=True, slots=True)
class Learned:
    """The server accepted this dialect after it had refused the one of the request."""

    dialect: Dialect


async def stream(
    endpoint: Endpoint,
    request: ChatRequest,
    deadlines: Deadlines,
    limits: Limits,
    retry: Retry = _DEFAULT_RETRY,
    dialect: Dialect = PLAIN,
) -> AsyncGenerator[Item | Learned]:
    """Yield the answer to `request` as it arrives: thoughts, text, and one `Finish` at the end.

    A `Waiting` comes before each repeated attempt, and a `Learned` before the first text if the
    server has refused `dialect` and accepted another one. Raises ProviderError if the answer is not
    complete; the text so far is valid. Cancelling the iterating task closes the connection at any
    time. A caller that stops early must close the generator in the same task
    (`contextlib.aclosing`).
    """
    unsupported = unsupported_reason(endpoint, request.kind, request.repo_id)
    failure = None if unsupported is None else ProviderError(unsupported.code)
    total_at = asyncio.get_running_loop().time() + deadlines.total
    attempt = 0
    adaptation = Adaptation(endpoint, dialect)
    while failure is None:
        attempt += 1
        answer, timer = AnswerAccumulator(request, limits), DeadlineTimer(deadlines, total_at)
        try:
            running = _run_attempt(adaptation, request, limits, answer, timer)
            async with aclosing(running) as items:
                async for item in items:
                    if (learned := adaptation.take_learned()) is not None:
                        yield Learned(learned)
                    yield item
            return
        except AttemptError as exc:
            if adaptation.adapt(exc):
                attempt -= 1
                continue
            failure = exc.to_provider_error()
        # Outside the handler, so that the raised error does not carry the refusal as its context.
        wait = _retry_delay(failure, answer, retry, attempt, total_at)
        if wait is not None:
            yield Waiting(wait, attempt, failure.code)
            failure = None
            await asyncio.sleep(wait)
    raise failure


def _retry_delay(
    failure: ProviderError, answer: AnswerAccumulator, retry: Retry, attempt: int, total_at: float
) -> float | None:
    """Return the seconds until the next attempt, None if there is none."""
    if answer.has_started or failure.code not in _RETRYABLE or attempt > retry.attempts:
        return None
    delay = failure.retry_after
    if delay is None:
        delay = retry.base * 2 ** (attempt - 1) * _random.uniform(0.75, 1.25)
    elif delay > retry.cap:
        return None
    remaining = total_at - asyncio.get_running_loop().time()
    return delay if delay < remaining else None


async def _run_attempt(
    adaptation: Adaptation,
    request: ChatRequest,
    limits: Limits,
    answer: AnswerAccumulator,
    timer: DeadlineTimer,
) -> AsyncGenerator[TextDelta | ThoughtDelta | Finish]:
    """Send one request and yield its answer; raises only AttemptError."""
    failure, is_done = None, False
    try:
        async with make_client(adaptation.endpoint, request) as client:
            events = await _open_events(client, adaptation, request, limits, timer)
            while not answer.is_ended and (batch := await _read_next(events, timer)) is not None:
                for event in batch:
                    if not answer.is_ended:
                        answer.add(event)
                for delta in answer.take():
                    yield delta
                # After the yield, so that time spent by the reader does not count as idle.
                _move_deadline(timer, answer, batch)
            is_done = events.is_done
    except Exception as exc:
        failure = translate(exc)
    if failure is not None and not _is_harmless(failure, answer):
        answer.release()
        for delta in answer.take():
            yield delta
        raise AttemptError("no_finish") if failure.is_closed and answer.has_content else failure
    answer.flush()
    for delta in answer.take():
        yield delta
    yield answer.finish(is_done=is_done)


def _move_deadline(timer: DeadlineTimer, answer: AnswerAccumulator, batch: list[Event]) -> None:
    """Set the next deadline; token counts and empty events do not move it."""
    if not any(event.has_token or event.reason for event in batch):
        return
    if answer.is_finished and not answer.is_doubtful:
        timer.on_finished()
    elif answer.has_started:
        timer.on_token()


def _is_harmless(failure: AttemptError, answer: AnswerAccumulator) -> bool:
    """Return whether the answer was complete before this failure.

    If the server's finish reasons are doubtful, only its silence or an orderly close counts as the
    end of the answer.
    """
    is_end = failure.is_closed or failure.code == "idle_timeout"
    return answer.is_finished and (is_end or not answer.is_doubtful)


async def _open_events(
    client: AsyncInferenceClient,
    adaptation: Adaptation,
    request: ChatRequest,
    limits: Limits,
    timer: DeadlineTimer,
) -> Events:
    """Send the request and wait for the response headers. Raises AttemptError at a deadline."""
    scope = asyncio.timeout_at(timer.when)

    def connected() -> None:
        timer.on_connected()
        scope.reschedule(timer.when)

    endpoint, dialect = adaptation.endpoint, adaptation.dialect
    attempt = Attempt(
        endpoint.router_map, limits.frame_bytes, connected, keep_alive=endpoint.keep_alive
    )
    try:
        async with scope:
            tokens = await open_stream(client, endpoint, request, attempt, dialect)
    except TimeoutError:
        raise timer.error() from None
    if request.kind == "completion" or attempt.body is None:
        return CompletionEvents(tokens, attempt.body)
    return ChatEvents(attempt.body)


async def _read_next(events: Events, timer: DeadlineTimer) -> list[Event] | None:
    """Return the next events, None at the end. Raises AttemptError when a deadline passes."""
    if batch := events.read_available():
        # Setting up a timeout costs more than parsing an event.
        if timer.is_past:
            raise timer.error()
        return batch
    try:
        async with asyncio.timeout_at(timer.when):
            return await events.read()
    except TimeoutError:
        raise timer.error(kept_alive=events.has_bytes) from None
