"""Generate an answer: read the branch, assemble the request, read the stream."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.errors import ChatError
from chat.events import Outcome, Usage
from chat.llm import prompt
from chat.llm.endpoints import LIMITS, deadlines_for, endpoint_of, unavailable_reason
from chat.llm.providers import (
    ChatRequest,
    Deadlines,
    Dialect,
    Endpoint,
    Finish,
    Learned,
    Sampling,
    TextDelta,
    ThoughtDelta,
    Waiting,
    stream,
)
from chat.llm.tokens import counter
from chat.models import Message, Run, Status
from chat.provider_error import ProviderError
from chat.selectors import messages
from chat.selectors.dialects import dialect_of
from chat.streaming.learning import keep_dialect

log = logging.getLogger("chat.streaming")

WAIT_REASONS = {
    "rate_limited": gettext_noop("The model server is getting too many requests."),
    "overloaded": gettext_noop("The model server is busy."),
    "model_loading": gettext_noop("The model is still loading."),
    "upstream_error": gettext_noop("The model server reported an error."),
}
# The server closed the connection in order, but said neither why nor `[DONE]`.
INTERRUPTION = "no_finish"
# Seconds between log lines with one error code that only an administrator can fix.
REPEAT_SECONDS = 3600.0
_logged_at: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Written:
    """What a run has written so far; `thinking_ms` is how long the model thought, if it did."""

    text: str = ""
    thoughts: str = ""
    thinking_ms: int | None = None


class TextSink(Protocol):
    """What takes the text of an answer, and the thoughts before it.

    `retract` turns all text so far into thoughts.
    """

    @property
    def written(self) -> Written: ...
    def feed(self, text: str) -> None: ...
    def feed_thoughts(self, thoughts: str) -> None: ...
    def retract(self) -> None: ...
    async def wait_for_frame(self) -> None: ...
    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None: ...


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request that is ready to be sent to its server, with its size in tokens and its deadlines.

    `dialect` is the form that the server accepts for the model.
    """

    endpoint: Endpoint
    request: ChatRequest
    prompt_tokens: int
    exact: bool
    tokenizer: str
    deadlines: Deadlines
    run_id: UUID
    model_id: UUID
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class Room:
    """The context window of a request and its longest answer, in tokens."""

    window: int
    answer: int


def prepare_request(run: Run, message: Message, room: Room | None = None) -> PreparedRequest:
    """Read the branch and assemble the request. Reads the database.

    `room` replaces that of the catalogue.
    Raises ChatError `not_configured`, `completion_unsupported` or `context_too_long`.
    """
    model = run.model
    reason = unavailable_reason(model)
    if model is None or reason:
        raise ChatError(reason.code if reason else "not_configured")
    endpoint = endpoint_of(model)
    room = room or Room(model.context_window, run.max_tokens)
    target = prompt.Target(
        repo_id=run.repo_id,
        kind="completion" if model.kind == "completion" else "chat",
        window=room.window,
        sampling=Sampling(
            max_tokens=room.answer,
            temperature=run.temperature,
            top_p=run.top_p,
            frequency_penalty=run.frequency_penalty,
        ),
    )
    assembled = prompt.assemble(
        prompt.system_text(run.prompt_version.text if run.prompt_version else "", run.instructions),
        messages.load_history(message),
        target,
        counter(model.tokenizer),
        partial=message.text if run.is_continuation else "",
    )
    return PreparedRequest(
        endpoint,
        assembled.request,
        assembled.prompt_tokens,
        assembled.exact,
        model.tokenizer,
        deadlines_for(model),
        run.pk,
        model.pk,
        dialect_of(model, endpoint.fingerprint),
    )


class Timings:
    """The times of the first and the last token, in milliseconds since the run started."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def record_token(self) -> None:
        self.last_ms = round((time.monotonic() - self.started_at) * 1000)
        self.first_ms = self.last_ms if self.first_ms is None else self.first_ms


async def generate(prepared: PreparedRequest, sink: TextSink, timings: Timings) -> Outcome:
    """Read the stream to its end, and return the outcome; errors of the provider are one too."""
    try:
        async with aclosing(
            stream(
                prepared.endpoint,
                prepared.request,
                prepared.deadlines,
                LIMITS,
                dialect=prepared.dialect,
            )
        ) as items:
            async for item in items:
                if isinstance(item, Finish):
                    return completed_outcome(prepared, item, sink.written, timings)
                if isinstance(item, Learned):
                    await keep_dialect(
                        prepared.model_id,
                        prepared.endpoint.fingerprint,
                        item.dialect,
                        prepared.run_id,
                    )
                elif isinstance(item, Waiting):
                    sink.count_down(math.ceil(item.seconds), waiting_sentence(item.code))
                else:
                    timings.record_token()
                    pass_on(item, sink)
                    await sink.wait_for_frame()
    except ProviderError as error:
        log_failure(error)
        outcome = failed_outcome(prepared, error.code, sink.written, timings)
        return replace(outcome, evidence=error.evidence)
    return failed_outcome(prepared, "no_finish", sink.written, timings)


def pass_on(delta: TextDelta | ThoughtDelta, sink: TextSink) -> None:
    """Pass text or thoughts on to the sink."""
    if isinstance(delta, TextDelta):
        sink.feed(delta.text)
        return
    if delta.is_retraction:
        sink.retract()
    sink.feed_thoughts(delta.text)


def log_failure(error: ProviderError) -> None:
    """Log a warning, or once an hour an error if only an administrator can fix it."""
    if not error.admin_only:
        log.warning("upstream failed: %s%s", error.detail, asked_address(error))
        return
    current_time = time.monotonic()
    if current_time - _logged_at.get(error.code, -REPEAT_SECONDS) >= REPEAT_SECONDS:
        _logged_at[error.code] = current_time
        log.error("model server error needs an administrator: %s", error.detail)


def asked_address(error: ProviderError) -> str:
    """Return the address for the log if nothing was found there, which is often a wrong path."""
    is_missing = error.code == "model_not_found" and error.evidence.asked
    return f" asked={error.evidence.asked}" if is_missing else ""


def waiting_sentence(code: str) -> Callable[[int], str]:
    """Return a function from the seconds until the next attempt to the sentence for the page."""
    reason = _(WAIT_REASONS.get(code, gettext_noop("The model server can't be reached.")))

    def sentence(seconds: int) -> str:
        # Outside of the f-string, because xgettext does not read those.
        if seconds < 1:
            attempt = _("Trying again…")
        else:
            attempt = _("Trying again in %(seconds)d s…") % {"seconds": seconds}
        return f"{reason} {attempt}"

    return sentence


def completed_outcome(
    prepared: PreparedRequest, item: Finish, written: Written, timings: Timings
) -> Outcome:
    return Outcome(
        status=Status.COMPLETE,
        finish_reason=item.reason,
        usage=count_usage(prepared, written, timings, item),
    )


def failed_outcome(
    prepared: PreparedRequest, code: str, written: Written, timings: Timings
) -> Outcome:
    usage = count_usage(prepared, written, timings)
    if code == INTERRUPTION:
        return Outcome(status=Status.INTERRUPTED, finish_reason=code, usage=usage)
    return Outcome(status=Status.FAILED, error_code=code, usage=usage)


def count_usage(
    prepared: PreparedRequest, written: Written, timings: Timings, finish: Finish | None = None
) -> Usage:
    """Return the provider's token counts, or our own if it sent none."""
    counts = finish or Finish("")
    count = counter(prepared.tokenizer).text
    thinking_tokens, answer_tokens = counts.thinking_tokens, counts.answer_tokens
    if thinking_tokens is None and written.thoughts:
        thinking_tokens = count(written.thoughts)
    if answer_tokens is None:
        answer_tokens = (count(written.text) if written.text else 0) + (thinking_tokens or 0)
    is_reported = None not in (counts.prompt_tokens, counts.answer_tokens)
    return Usage(
        prompt_tokens=prepared.prompt_tokens
        if counts.prompt_tokens is None
        else counts.prompt_tokens,
        answer_tokens=answer_tokens,
        exact=is_reported or prepared.exact,
        first_token_ms=timings.first_ms,
        last_token_ms=timings.last_ms,
        thinking_tokens=thinking_tokens,
        thinking_ms=written.thinking_ms,
    )
