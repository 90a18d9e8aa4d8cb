"""The catalogue of errors: one frozen `ErrorCode` for each, and the exceptions that carry them.

A sentence says what happened and what the person can do. It never contains an address, a token, a
prompt, text that a server sent, or a traceback, so it is safe to show and log anywhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One kind of error.

    `code` is stored with a run and must stay stable. `sentence` is for the person. `retryable`
    means that the same request may well succeed later, `admin_only` that only an administrator can
    fix the cause. `status` is the HTTP status of a command that fails with this error.
    """

    code: str
    sentence: str
    retryable: bool = False
    admin_only: bool = False
    status: int = 502


_UPSTREAM = (
    ErrorCode(
        "connect_refused",
        "The model server cannot be reached. Please try again in a moment.",
        retryable=True,
    ),
    ErrorCode(
        "dns",
        "The model server's name could not be found. Please try again in a moment.",
        retryable=True,
    ),
    ErrorCode(
        "tls",
        "A secure connection to the model server could not be made. "
        "Please tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "connect_timeout",
        "The model server did not answer the connection in time. Please try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "first_token_timeout",
        "The model did not begin to answer in time. Please try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "idle_timeout",
        "The model stopped in mid answer. The text so far is kept; please try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "total_timeout",
        "The answer took longer than allowed. The text so far is kept; "
        "please try again or ask for less.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "cut",
        "The connection to the model was lost. The text so far is kept; please try again.",
        retryable=True,
    ),
    ErrorCode(
        "no_finish",
        "The model server ended the answer without saying that it was finished. "
        "The text so far is kept; please try again.",
        retryable=True,
    ),
    ErrorCode(
        "empty", "The model sent no text. Please try again or ask differently.", retryable=True
    ),
    ErrorCode(
        "not_a_stream",
        "The model server sent a page instead of an answer. Please tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "redirect",
        "The model server pointed to another address, which is not followed. "
        "Please tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "bad_request",
        "The model server did not accept the request. "
        "Please try another model, or start a new chat.",
    ),
    ErrorCode(
        "context_too_long",
        "The conversation is too long for this model. "
        "Please shorten the question or start a new chat.",
        status=413,
    ),
    ErrorCode(
        "unauthorized",
        "The model server did not accept this site's credentials. Please tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "payment",
        "This site's credit with the model provider is used up. Please tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "forbidden",
        "This site may not use this model. Please choose another model or tell your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "model_not_found",
        "The model server does not offer this model. Please choose another model.",
    ),
    ErrorCode(
        "too_large",
        "The request is too large for the model server. "
        "Please shorten the question or start a new chat.",
        status=413,
    ),
    ErrorCode(
        "unprocessable",
        "The model server could not work with the request. "
        "Please try another model, or start a new chat.",
    ),
    ErrorCode(
        "rate_limited",
        "The model server has too many requests. Please wait a moment and try again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "upstream_error",
        "The model server reported an error. Please try again.",
        retryable=True,
    ),
    ErrorCode(
        "overloaded",
        "The model server is busy. Please try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "model_loading",
        "The model is still being loaded. Please try again in a minute.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "gateway_timeout",
        "The model server did not get an answer from its model in time. Please try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "broken_stream",
        "The model server sent something that could not be read. "
        "The text so far is kept; please try again.",
        retryable=True,
    ),
    ErrorCode(
        "stream_error",
        "The model reported an error in mid answer. The text so far is kept; please try again.",
        retryable=True,
    ),
    ErrorCode(
        "frame_too_large",
        "The model server sent too much at once. The text so far is kept; please try again.",
        retryable=True,
    ),
    ErrorCode(
        "answer_too_long",
        "The answer reached the longest length allowed here and was cut. "
        "Continue asks the model to go on.",
    ),
)

_SETUP = (
    ErrorCode(
        "not_configured",
        "No model is set up on this site yet. Please tell your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "lookup_blocked",
        "A setting of this site keeps it from asking Hugging Face who serves this model. "
        "Please tell your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "completion_unsupported",
        "This model only completes text, and the model server set up here cannot do that. "
        "Please choose another model.",
        status=409,
    ),
    ErrorCode(
        "internal",
        "Something went wrong on this site. Please try again.",
        retryable=True,
        admin_only=True,
        status=500,
    ),
)

_REFUSALS = (
    ErrorCode("empty_message", "Please write a message first.", status=400),
    ErrorCode(
        "message_too_long",
        "The message is too long: it has %(length)d characters, and %(limit)d fit. "
        "Your text is kept; please shorten it.",
        status=413,
    ),
    ErrorCode(
        "title_too_long",
        "The title is too long: it has %(length)d characters, and %(limit)d fit. "
        "Please shorten it.",
        status=413,
    ),
    ErrorCode(
        "reason_too_long",
        "The reason is too long: it has %(length)d characters, and %(limit)d fit. "
        "Your text is kept; please shorten it.",
        status=413,
    ),
    ErrorCode("empty_title", "Please write a title first.", status=400),
    ErrorCode("unknown_field", "The request holds a field that is not known here.", status=400),
    ErrorCode(
        "bad_form", "The request is not complete. Please reload the page and try again.", status=400
    ),
    ErrorCode(
        "nothing_to_continue",
        "There is nothing to continue here. Reload the page to see the newest state.",
        status=409,
    ),
    ErrorCode(
        "finished",
        "The model ended this answer by itself, so there is nothing to continue. Ask it to go on "
        "in a message.",
        status=409,
    ),
    ErrorCode(
        "restarting",
        "The server is restarting. Your text is kept; please send it again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "too_fast",
        "You are sending faster than this site allows. Your text is kept; "
        "please wait a moment and send it again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "too_many_commands",
        "That was more in a minute than this site allows. Please wait a moment and try again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "too_many_answers",
        "Too many answers are being written for you at once. Your text is kept; "
        "please wait for one of them and send it again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "question_too_long",
        "The question is too long for this model: it has %(tokens)d tokens, and %(room)d fit. "
        "Your text is kept; please shorten it.",
        status=413,
    ),
    ErrorCode(
        "no_room",
        "The system prompt and the longest answer leave this model no room for a question. "
        "Your text is kept; please choose another model or tell your administrator.",
        admin_only=True,
        status=409,
    ),
    ErrorCode(
        "database_away",
        "The database cannot be reached. Your text is kept; please try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "database_read_only",
        "Nothing can be saved at present. Your text is kept; please try again in a few minutes.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "database_busy",
        "The database is too busy at present. Your text is kept; please try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "busy",
        "An answer is still being written. Please wait for it, or stop it first.",
        status=409,
    ),
)


def _by_code(*groups: Iterable[ErrorCode]) -> Mapping[str, ErrorCode]:
    return MappingProxyType({item.code: item for group in groups for item in group})


FAULTS: Mapping[str, ErrorCode] = _by_code(_UPSTREAM, _SETUP, _REFUSALS)


def error_code(code: str) -> ErrorCode:
    """Return the catalogue's entry for a code, or that of `internal` if the code is unknown."""
    return FAULTS.get(code, FAULTS["internal"])


class ChatError(Exception):
    """An error from the catalogue. `str()` gives its sentence, which holds nothing secret.

    `retry_after` is in seconds, or None if unknown. `counts` are the values for the sentence's
    placeholders.
    """

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        counts: Mapping[str, int] | None = None,
    ) -> None:
        self.error = error_code(code)
        self.retry_after = retry_after
        self.counts = counts
        super().__init__(self.sentence)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r})"

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def sentence(self) -> str:
        return self.format(self.error.sentence)

    def format(self, sentence: str) -> str:
        """Fill the counts into the error's sentence or into a translation of it."""
        return sentence % self.counts if self.counts else sentence

    @property
    def retryable(self) -> bool:
        return self.error.retryable

    @property
    def admin_only(self) -> bool:
        return self.error.admin_only

    @property
    def status(self) -> int:
        return self.error.status


class ProviderError(ChatError):
    """A failure of the model server or of the connection to it.

    `upstream_status` is the HTTP status that the server sent, or None.
    """

    def __init__(
        self, code: str, *, retry_after: float | None = None, upstream_status: int | None = None
    ) -> None:
        super().__init__(code, retry_after=retry_after)
        self.upstream_status = upstream_status

    @property
    def detail(self) -> str:
        """Describe the error for the operator's log: code and HTTP status, and nothing private."""
        status = "none" if self.upstream_status is None else str(self.upstream_status)
        return f"code={self.code} upstream_status={status}"
