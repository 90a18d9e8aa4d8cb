"""Accumulate the events of one answer: its text, finish reason and token counts."""

from __future__ import annotations

from chat.llm.providers.errors import AttemptError
from chat.llm.providers.stop_sequences import StopFilter
from chat.llm.providers.stream_parsers import Event
from chat.llm.providers.types import ChatRequest, Finish, Limits
from chat.text import ChunkNormalizer, has_visible

DONE_REASON = "done"
"""The reason that we record if the stream ended with `[DONE]` but gave no finish reason."""
REFUSAL_REASON = "refusal"
"""The reason that we record if the model refused to answer."""

# NUL and the other C0 controls except newline and tab; as a set of a regular expression.
CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f"


class AnswerAccumulator:
    """The state of one attempt to read an answer.

    - `has_started`: a token arrived, so the request must not be repeated.
    - `is_ended`: a stop sequence or a limit ended the answer; read no further.
    - `is_finished`: there is visible text, and no token followed the last finish reason.
    - `is_doubtful`: a finish reason came with the first token, or a token followed one, so this
      server's reasons are unreliable. Some gateways put one on every chunk
      (https://github.com/BerriAI/litellm/issues/2195).
    """

    __slots__ = (
        "_has_delta",
        "_has_reason",
        "_has_text",
        "_is_refusal",
        "_normalizer",
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
        self._normalizer = ChunkNormalizer(CONTROLS, "")
        # Chat servers remove stop sequences from the text themselves.
        self._stops = StopFilter(request.sampling.stop if request.kind == "completion" else ())
        self._remaining = limits.answer_chars
        self._has_text = False
        self._has_delta = False
        self._is_refusal = False
        self.has_started = False
        self.is_ended = False
        self._has_reason = False
        self.is_doubtful = False
        self.reason: str | None = None
        self.prompt_tokens: int | None = None
        self.answer_tokens: int | None = None

    def add(self, event: Event) -> str:
        """Add an event and return its text to show, which may be empty."""
        if event.prompt_tokens is not None:
            self.prompt_tokens = event.prompt_tokens
        if event.answer_tokens is not None:
            self.answer_tokens = event.answer_tokens
        if event.message:
            self._merge_message(event)
        else:
            self._has_delta = self._has_delta or bool(event.text)
        self._is_refusal = self._is_refusal or event.is_refusal
        self._note_reason(event)
        self.has_started = self.has_started or event.has_token
        return self._limit(self._stops.feed(self._normalizer.feed(event.text)))

    def _merge_message(self, event: Event) -> None:
        """Take a whole message as text, unless deltas have brought it: some servers repeat it."""
        if self._has_delta:
            event.has_token = False
        else:
            event.text = event.message

    def _note_reason(self, event: Event) -> None:
        """Record a finish reason; a token that follows it cancels it."""
        if self._has_reason and event.has_token and not event.text.isspace():
            self.is_doubtful = True
            self._has_reason = False
        if event.reason is not None:
            # The first token of an answer is rarely its last one.
            self.is_doubtful = self.is_doubtful or (event.has_token and not self.has_started)
            self.reason = event.reason
            self._has_reason = True

    @property
    def has_text(self) -> bool:
        """Return whether there is visible text."""
        return self._has_text

    @property
    def is_finished(self) -> bool:
        """Return whether the answer is complete by the server's own finish reason."""
        return self._has_reason and self._has_text

    def flush(self) -> str:
        """Return the text that was held back; call this after the last event."""
        if self.is_ended:
            return ""
        text = self._stops.feed(self._normalizer.flush())
        return self._limit(text + self._stops.flush())

    def finish(self, *, is_done: bool) -> Finish:
        """Return the end of the answer; `is_done` means that the stream ended with `[DONE]`.

        Raises AttemptError `empty` or `no_finish` if the answer is not complete.
        """
        if not self._has_text:
            raise AttemptError("empty")
        if not (self.is_finished or self.is_ended or is_done):
            raise AttemptError("no_finish")
        reason = REFUSAL_REASON if self._is_refusal else self.reason or DONE_REASON
        return Finish(reason, self.prompt_tokens, self.answer_tokens)

    def _limit(self, text: str) -> str:
        """Cut the text at the answer's maximum length, and note why the answer ended."""
        if self._stops.hit:
            self.reason, self.is_ended = "stop_sequence", True
        if len(text) > self._remaining:
            text = text[: self._remaining]
            self.reason, self.is_ended = "answer_too_long", True
        self._remaining -= len(text)
        self._has_text = self._has_text or has_visible(text)
        return text
