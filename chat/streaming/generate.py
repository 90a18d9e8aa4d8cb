"""Generate an answer: read the branch, assemble the request, read the stream."""

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
from chat.llm.endpoints import LIMITS, deadlines, endpoint_of, unavailable_reason
from chat.llm.providers import ChatRequest, Endpoint, Finish, Sampling, TextDelta, Waiting, stream
from chat.llm.tokens import counter
from chat.models import Message, Run, Status
from chat.selectors import messages

log = logging.getLogger("chat.streaming")

WAIT_REASONS = {
    "rate_limited": gettext_noop("The model server is getting too many requests."),
    "overloaded": gettext_noop("The model server is busy."),
    "model_loading": gettext_noop("The model is still loading."),
    "upstream_error": gettext_noop("The model server reported an error."),
}
# Seconds between log lines with one error code that only an administrator can fix.
REPEAT_SECONDS = 3600.0
_logged_at: dict[str, float] = {}


class TextSink(Protocol):
    """What takes the text of an answer."""

    def feed(self, text: str) -> None: ...
    async def wait_for_frame(self) -> None: ...
    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None: ...


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """A request that is ready to be sent to its server, with its size in tokens."""

    endpoint: Endpoint
    request: ChatRequest
    prompt_tokens: int
    exact: bool
    tokenizer: str


def prepare_request(run: Run, message: Message) -> PreparedRequest:
    """Read the branch and assemble the request. Reads the database.

    Raises ChatError `not_configured`, `completion_unsupported` or `context_too_long`.
    """
    model = run.model
    reason = unavailable_reason(model)
    if model is None or reason:
        raise ChatError(reason.code if reason else "not_configured")
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
    assembled = prompt.assemble(
        run.prompt_version.text if run.prompt_version else "",
        messages.load_history(message),
        target,
        counter(model.tokenizer),
        partial=message.text if run.is_continuation else "",
    )
    return PreparedRequest(
        endpoint_of(model),
        assembled.request,
        assembled.prompt_tokens,
        assembled.exact,
        model.tokenizer,
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
    parts: list[str] = []
    try:
        server, request = prepared.endpoint, prepared.request
        async with aclosing(stream(server, request, deadlines(), LIMITS)) as items:
            async for item in items:
                if isinstance(item, TextDelta):
                    timings.record_token()
                    parts.append(item.text)
                    sink.feed(item.text)
                    await sink.wait_for_frame()
                elif isinstance(item, Waiting):
                    sink.count_down(math.ceil(item.seconds), waiting_sentence(item.code))
                else:
                    return completed_outcome(prepared, item, "".join(parts), timings)
    except ProviderError as error:
        log_failure(error)
        return failed_outcome(prepared, error.code, "".join(parts), timings)
    return failed_outcome(prepared, "no_finish", "".join(parts), timings)


def log_failure(error: ProviderError) -> None:
    """Log a warning, or once an hour an error if only an administrator can fix it."""
    if not error.admin_only:
        log.warning("upstream failed: %s", error.detail)
        return
    current_time = time.monotonic()
    if current_time - _logged_at.get(error.code, -REPEAT_SECONDS) >= REPEAT_SECONDS:
        _logged_at[error.code] = current_time
        log.error("model server error needs an administrator: %s", error.detail)


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
    prepared: PreparedRequest, item: Finish, text: str, timings: Timings
) -> Outcome:
    return Outcome(
        status=Status.COMPLETE,
        finish_reason=item.reason,
        usage=count_usage(prepared, text, timings, item.prompt_tokens, item.answer_tokens),
    )


def failed_outcome(prepared: PreparedRequest, code: str, text: str, timings: Timings) -> Outcome:
    usage = count_usage(prepared, text, timings)
    return Outcome(status=Status.FAILED, error_code=code, usage=usage)


def count_usage(
    prepared: PreparedRequest,
    text: str,
    timings: Timings,
    prompt_tokens: int | None = None,
    answer_tokens: int | None = None,
) -> Usage:
    """Return the provider's token counts, or our own if it sent none."""
    is_reported = prompt_tokens is not None and answer_tokens is not None
    if answer_tokens is None:
        answer_tokens = counter(prepared.tokenizer).text(text) if text else 0
    return Usage(
        prompt_tokens=prepared.prompt_tokens if prompt_tokens is None else prompt_tokens,
        answer_tokens=answer_tokens,
        exact=is_reported or prepared.exact,
        first_token_ms=timings.first_ms,
        last_token_ms=timings.last_ms,
    )
