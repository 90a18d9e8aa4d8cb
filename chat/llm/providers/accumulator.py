"""The text and the end of one answer, as its events come in."""

from __future__ import annotations

from chat.llm.providers.errors import AttemptError
from chat.llm.providers.stop_sequences import StopFilter
from chat.llm.providers.stream_parsers import Event
from chat.llm.providers.text import Normaliser
from chat.llm.providers.types import ChatRequest, Finish, Limits
from chat.text import has_visible

DONE_REASON = "done"
"""Our word for an answer whose stream said `[DONE]` and named no finish reason."""


class AnswerAccumulator:
    """`started`: a token came, so the request is not to be repeated. `ended`: read no further.

    `is_finished`: there is text, and the newest token came with or before a finish reason.
    `is_doubtful`: a finish reason came with the first token, or a token after one, so this server's
    reasons mean little: some gateways put one on every chunk
    (https://github.com/BerriAI/litellm/issues/2195).
    """

    __slots__ = (
        "_has_reason",
        "_has_text",
        "_normaliser",
        "_remaining",
        "_stops",
        "answer_tokens",
        "has_started",
        "is_doubtful",
        "is_ended",
        "prompt_tokens",
        "reason",
    )

    def __init__(self, request: ChatRequest, limits: Limits) -> None:
        self._normaliser = Normaliser()
        # Chat servers leave stop strings out themselves.
        self._stops = StopFilter(request.sampling.stop if request.kind == "completion" else ())
        self._remaining = limits.answer_chars
        self._has_text = False
        self.has_started = False
        self.is_ended = False
        self._has_reason = False
        self.is_doubtful = False
        self.reason: str | None = None
        self.prompt_tokens: int | None = None
        self.answer_tokens: int | None = None

    def add(self, event: Event) -> str:
        """The text to show for an event; may be empty."""
        if event.prompt_tokens is not None:
            self.prompt_tokens = event.prompt_tokens
        if event.answer_tokens is not None:
            self.answer_tokens = event.answer_tokens
        self._note_reason(event)
        self.has_started = self.has_started or event.has_token
        return self._limit(self._stops.feed(self._normaliser.feed(event.text)))

    def _note_reason(self, event: Event) -> None:
        """A finish reason holds until another token comes; the last one is the answer's."""
        if self._has_reason and event.has_token and not event.text.isspace():
            self.is_doubtful = True
            self._has_reason = False
        if event.reason is not None:
            # The first token of an answer is rarely its last one.
            self.is_doubtful = self.is_doubtful or (event.has_token and not self.has_started)
            self.reason = event.reason
            self._has_reason = True

    @property
    def is_finished(self) -> bool:
        return self._has_reason and self._has_text

    def flush(self) -> str:
        """The text that was held back, once there is nothing more to come."""
        if self.is_ended:
            return ""
        text = self._stops.feed(self._normaliser.flush())
        return self._limit(text + self._stops.flush())

    def finish(self, *, is_done: bool) -> Finish:
        """The end of the answer; `is_done` says that the stream ended with `[DONE]`.

        Raises AttemptError (`no_finish`, `empty`) where the answer is not complete.
        """
        if not self._has_text:
            raise AttemptError("empty")
        if not (self.is_finished or self.is_ended or is_done):
            raise AttemptError("no_finish")
        return Finish(self.reason or DONE_REASON, self.prompt_tokens, self.answer_tokens)

    def _limit(self, text: str) -> str:
        if self._stops.hit:
            self.reason, self.is_ended = "stop_sequence", True
        if len(text) > self._remaining:
            text = text[: self._remaining]
            self.reason, self.is_ended = "answer_too_long", True
        self._remaining -= len(text)
        self._has_text = self._has_text or has_visible(text)
        return text
