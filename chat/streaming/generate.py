"""From a run to its outcome: load the branch, assemble the request, take the stream."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.errors import ChatError, ProviderError
from chat.events import Outcome, Usage
from chat.llm import prompt
from chat.llm.endpoints import LIMITS, deadlines, endpoint, unavailable_reason
from chat.llm.providers import ChatRequest, Finish, Sampling, TextDelta, Waiting, stream
from chat.llm.tokens import counter
from chat.models import Message, Run, Status
from chat.selectors import messages

log = logging.getLogger("chat.streaming")

WAIT_REASONS = {
    "rate_limited": gettext_noop("The model server has too many requests."),
    "overloaded": gettext_noop("The model server is busy."),
    "model_loading": gettext_noop("The model is still being loaded."),
    "upstream_error": gettext_noop("The model server reported an error."),
}
# Only an administrator can mend these; one line an hour and code, not one an answer.
REPEAT_SECONDS = 3600.0
_told: dict[str, float] = {}


class TextSink(Protocol):
    """Where the text goes."""

    def feed(self, piece: str) -> None: ...
    async def wait_for_frame(self) -> None: ...
    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None: ...


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request that is ready to be sent, and what it weighs."""

    request: ChatRequest
    prompt_tokens: int
    exact: bool
    tokenizer: str


def prepare_request(run: Run, message: Message) -> PreparedRequest:
    """Read the branch and assemble the request; database work, so off the event loop.

    Raises ChatError `not_configured`, `completion_unsupported` or `context_too_long`.
    """
    model = run.model
    refused = unavailable_reason(model)
    if model is None or refused:
        raise ChatError(refused.code if refused else "not_configured")
    target = prompt.Target(
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
    made = prompt.assemble(
        run.prompt_version.text if run.prompt_version else "",
        messages.load_history(message),
        target,
        counter(model.tokenizer),
        partial=message.text if run.is_continuation else "",
    )
    return PreparedRequest(made.request, made.prompt_tokens, made.exact, model.tokenizer)


class Timings:
    """Milliseconds since the run began: to the first and to the last token."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self.first_ms: int | None = None
        self.last_ms: int | None = None

    def record_token(self) -> None:
        self.last_ms = round((time.monotonic() - self.started_at) * 1000)
        self.first_ms = self.last_ms if self.first_ms is None else self.first_ms


async def generate(prepared: PreparedRequest, sink: TextSink, clock: Timings) -> Outcome:
    """Take the stream to its end. Errors become an outcome; cancellation goes through."""
    parts: list[str] = []
    try:
        async with aclosing(stream(endpoint(), prepared.request, deadlines(), LIMITS)) as items:
            async for item in items:
                if isinstance(item, TextDelta):
                    clock.record_token()
                    parts.append(item.text)
                    sink.feed(item.text)
                    await sink.wait_for_frame()
                elif isinstance(item, Waiting):
                    sink.count_down(math.ceil(item.seconds), waiting_sentence(item.code))
                else:
                    return completed_outcome(prepared, item, "".join(parts), clock)
    except ProviderError as problem:
        log_failure(problem)
        return failed_outcome(prepared, problem.code, "".join(parts), clock)
    return failed_outcome(prepared, "no_finish", "".join(parts), clock)


def log_failure(problem: ProviderError) -> None:
    """Tell the operator; what only an administrator can mend once an hour, and as an error."""
    if not problem.admin_only:
        log.warning("upstream failed: %s", problem.detail)
        return
    now = time.monotonic()
    if now - _told.get(problem.code, -REPEAT_SECONDS) >= REPEAT_SECONDS:
        _told[problem.code] = now
        log.error("upstream needs an administrator: %s", problem.detail)


def waiting_sentence(code: str) -> Callable[[int], str]:
    """Why the answer is not there yet, with the seconds that are left until the next attempt."""
    why = _(WAIT_REASONS.get(code, gettext_noop("The model server cannot be reached.")))

    def sentence(seconds: int) -> str:
        # Not inside an f-string: xgettext does not look into one.
        if seconds < 1:
            attempt = _("Trying again …")
        else:
            attempt = _("Trying again in %(seconds)d s …") % {"seconds": seconds}
        return f"{why} {attempt}"

    return sentence


def completed_outcome(
    prepared: PreparedRequest, item: Finish, text: str, clock: Timings
) -> Outcome:
    return Outcome(
        status=Status.COMPLETE,
        finish_reason=item.reason,
        usage=count_usage(prepared, text, clock, item.prompt_tokens, item.answer_tokens),
    )


def failed_outcome(prepared: PreparedRequest, code: str, text: str, clock: Timings) -> Outcome:
    return Outcome(status=Status.FAILED, error_code=code, usage=count_usage(prepared, text, clock))


def count_usage(
    prepared: PreparedRequest,
    text: str,
    clock: Timings,
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
        first_token_ms=clock.first_ms,
        last_token_ms=clock.last_ms,
    )
