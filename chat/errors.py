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
        "The model server can't be reached. Try again in a moment.",
        retryable=True,
    ),
    ErrorCode(
        "dns",
        "The model server couldn't be found. Try again in a moment.",
        retryable=True,
    ),
    ErrorCode(
        "tls",
        "A secure connection to the model server failed. Contact your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "connect_timeout",
        "The connection to the model server timed out. Try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "first_token_timeout",
        "The model took too long to start its answer. Try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "idle_timeout",
        "The model stopped in the middle of its answer. The text so far was saved. Try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "total_timeout",
        "The answer took too long. The text so far was saved. Try again or ask for a shorter "
        "answer.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "cut",
        "The connection to the model was lost. The text so far was saved. Try again.",
        retryable=True,
    ),
    ErrorCode(
        "no_finish",
        "The answer ended before it was complete. The text so far was saved. Continue it or try "
        "again.",
        retryable=True,
    ),
    ErrorCode(
        "empty",
        "The model sent an empty answer. Try again or rephrase your question.",
        retryable=True,
    ),
    ErrorCode(
        "thinking_limit",
        "The model used its whole limit for thinking. Raise “Maximum answer length” or ask for "
        "less, then try again.",
    ),
    ErrorCode(
        "only_thoughts",
        "The model stopped after thinking and sent no answer. Try again.",
        retryable=True,
    ),
    ErrorCode(
        "not_a_stream",
        "The model server sent something other than an answer. Contact your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "redirect",
        "The model server redirected to another address, which isn't allowed. Contact your "
        "administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "bad_request",
        "The model server rejected the request. Try another model or start a new chat.",
    ),
    ErrorCode(
        "context_too_long",
        "The conversation is too long for this model. Shorten your question or start a new chat.",
        status=413,
    ),
    ErrorCode(
        "unauthorized",
        "The model server rejected this site's credentials. Contact your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "payment",
        "This site has no credit left with the model provider. Contact your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "forbidden",
        "This site isn't allowed to use this model. Choose another model or contact your "
        "administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "model_not_found",
        "The model server doesn't offer this model. Choose another model.",
    ),
    ErrorCode(
        "too_large",
        "The request is too large for the model server. Shorten your question or start a new chat.",
        status=413,
    ),
    ErrorCode(
        "unprocessable",
        "The model server couldn't process the request. Try another model or start a new chat.",
    ),
    ErrorCode(
        "rate_limited",
        "The model server is getting too many requests. Wait a moment and try again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "upstream_error",
        "The model server reported an error. Try again.",
        retryable=True,
    ),
    ErrorCode(
        "overloaded",
        "The model server is busy. Try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "model_loading",
        "The model is still loading. Try again in a minute.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "gateway_timeout",
        "The model server got no answer from its model in time. Try again.",
        retryable=True,
        status=504,
    ),
    ErrorCode(
        "broken_stream",
        "The model server sent an unreadable response. The text so far was saved. Try again.",
        retryable=True,
    ),
    ErrorCode(
        "stream_error",
        "The model reported an error in the middle of its answer. The text so far was saved. Try "
        "again.",
        retryable=True,
    ),
    ErrorCode(
        "frame_too_large",
        "The model server sent too much data at once. The text so far was saved. Try again.",
        retryable=True,
    ),
    ErrorCode(
        "answer_too_long",
        "The answer reached this site's maximum length and was cut off. Select Continue to get the "
        "rest.",
    ),
)

_SETUP = (
    ErrorCode(
        "not_configured",
        "No model is set up on this site yet. Contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "lookup_blocked",
        "A setting prevents this site from asking Hugging Face which provider serves this model. "
        "Contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "address_refused",
        "The address of the model server isn't allowed. Contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "address_credentials",
        "The address of the model server contains a user name or a password. Contact your "
        "administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "name_refused",
        "The name of this model is an address, which Hugging Face can't have. Choose another model "
        "or contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "key_unusable",
        "This site's key for the model server contains characters that a key can't have, such as a "
        "line break. Contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "key_unreadable",
        "This site's key for the model server can't be read any more. Contact your administrator.",
        admin_only=True,
        status=503,
    ),
    ErrorCode(
        "no_model_list",
        "The model server didn't say which models it offers. Contact your administrator.",
        admin_only=True,
    ),
    ErrorCode(
        "completion_unsupported",
        "This model only completes text, which this site's model server doesn't support. Choose "
        "another model.",
        status=409,
    ),
    ErrorCode(
        "internal",
        "Something went wrong on this site. Try again.",
        retryable=True,
        admin_only=True,
        status=500,
    ),
)

_REFUSALS = (
    ErrorCode("empty_message", "Write a message first.", status=400),
    ErrorCode(
        "message_too_long",
        "The message is too long: %(length)d characters, and the limit is %(limit)d. Your text is "
        "still here. Shorten it and send it again.",
        status=413,
    ),
    ErrorCode(
        "title_too_long",
        "The title is too long: %(length)d characters, and the limit is %(limit)d. Shorten it.",
        status=413,
    ),
    ErrorCode(
        "reason_too_long",
        "The reason is too long: %(length)d characters, and the limit is %(limit)d. Your text is "
        "still here. Shorten it and save it again.",
        status=413,
    ),
    ErrorCode("empty_title", "Enter a title first.", status=400),
    ErrorCode("unknown_field", "The request contains an unknown field.", status=400),
    ErrorCode("bad_form", "The request is incomplete. Reload the page and try again.", status=400),
    ErrorCode(
        "nothing_to_continue",
        "There is nothing to continue. Reload the page to see what has changed.",
        status=409,
    ),
    ErrorCode(
        "finished",
        "The model finished this answer, so there is nothing to continue. To get more, ask for it "
        "in a message.",
        status=409,
    ),
    ErrorCode(
        "restarting",
        "The server is restarting. Your text is still here. Send it again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "too_fast",
        "You're sending messages too quickly. Your text is still here. Wait a moment and send it "
        "again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "too_many_commands",
        "You're doing that too often. Wait a moment and try again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "too_many_answers",
        "You have too many answers in progress. Your text is still here. Wait until one finishes "
        "and send it again.",
        retryable=True,
        status=429,
    ),
    ErrorCode(
        "question_too_long",
        "The question is too long for this model: %(tokens)d tokens, and there is room for "
        "%(room)d. Your text is still here. Shorten it and send it again.",
        status=413,
    ),
    ErrorCode(
        "model_gone",
        "The model of this chat is no longer offered by its server. Choose another model.",
        status=409,
    ),
    ErrorCode(
        "just_deleted",
        "Something that this chat uses, such as its model, was deleted at this moment. Your text "
        "is still here. Send it again.",
        retryable=True,
        status=409,
    ),
    ErrorCode(
        "no_room",
        "The system prompt and the maximum answer length leave this model no room for a question. "
        "Your text is still here. Choose another model or contact your administrator.",
        admin_only=True,
        status=409,
    ),
    ErrorCode(
        "database_away",
        "The database is unavailable. Your text is still here. Try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "database_read_only",
        "Nothing can be saved right now. Your text is still here. Try again in a few minutes.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "database_busy",
        "The database is overloaded right now. Your text is still here. Try again in a moment.",
        retryable=True,
        status=503,
    ),
    ErrorCode(
        "busy",
        "An answer is still being written. Wait for it to finish or stop it first.",
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
