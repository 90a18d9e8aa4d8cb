"""Accumulate the events of one answer: its thoughts, text, finish reason and token counts."""

from __future__ import annotations

from chat.llm.providers.end_markers import EndMarkerFilter
from chat.llm.providers.errors import AttemptError
from chat.llm.providers.stop_sequences import StopFilter
from chat.llm.providers.stream_parsers import Event
from chat.llm.providers.think_tags import Split, ThinkSplitter
from chat.llm.providers.types import ChatRequest, Finish, Limits, TextDelta, ThoughtDelta
from chat.text import ChunkNormalizer, has_visible

DONE_REASON = "done"
"""The reason that we record if the stream ended with `[DONE]` but gave no finish reason."""
REFUSAL_REASON = "refusal"
"""The reason that we record if the model refused to answer."""

# NUL and the other C0 controls except newline and tab; as a set of a regular expression.
CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f"


_LENGTH_REASONS = frozenset({"length", "max_tokens", "answer_too_long"})


class AnswerAccumulator:
    """The state of one attempt to read an answer.

    - `has_started`: a token arrived, so the request must not be repeated.
    - `is_ended`: a stop sequence or a limit ended the answer; read no further.
    - `is_finished`: there is content, and no token followed the last finish reason.
    - `is_doubtful`: a finish reason came with the first token, or a token followed one, so this
      server's reasons are unreliable. Some gateways put one on every chunk
      (https://github.com/BerriAI/litellm/issues/2195).
    """

    __slots__ = (
        "_end_markers",
        "_has_delta",
        "_has_reason",
        "_has_text",
        "_has_thoughts",
        "_is_refusal",
        "_is_retraction",
        "_normalizer",
        "_splitter",
        "_stops",
        "_text_room",
        "_texts",
        "_thought_normalizer",
        "_thought_room",
        "_thoughts",
        "answer_tokens",
        "has_started",
        "is_doubtful",
        "is_ended",
        "prompt_tokens",
        "reason",
        "thinking_tokens",
    )

    def __init__(self, request: ChatRequest, limits: Limits) -> None:
        self._normalizer = ChunkNormalizer(CONTROLS, "")
        self._thought_normalizer = ChunkNormalizer(CONTROLS, "")
        # Chat servers remove stop sequences from the text themselves.
        self._stops = StopFilter(request.sampling.stop if request.kind == "completion" else ())
        self._splitter = _make_splitter(request)
        self._end_markers = EndMarkerFilter()
        self._texts: list[str] = []
        self._thoughts: list[str] = []
        self._is_retraction = False
        self._text_room = self._thought_room = limits.answer_chars
        self._has_text = False
        self._has_thoughts = False
        self._has_delta = False
        self._is_refusal = False
        self.has_started = False
        self.is_ended = False
        self._has_reason = False
        self.is_doubtful = False
        self.reason: str | None = None
        self.prompt_tokens: int | None = None
        self.answer_tokens: int | None = None
        self.thinking_tokens: int | None = None

    def add(self, event: Event) -> None:
        """Add an event; `take` returns its thoughts and its text."""
        if event.prompt_tokens is not None:
            self.prompt_tokens = event.prompt_tokens
        if event.answer_tokens is not None:
            self.answer_tokens = event.answer_tokens
            self.thinking_tokens = event.thinking_tokens
        if event.message:
            self._merge_message(event)
        else:
            self._has_delta = self._has_delta or bool(event.text or event.thought)
        self._is_refusal = self._is_refusal or event.is_refusal
        self._note_reason(event)
        self.has_started = self.has_started or event.has_token
        if event.thought:
            self._add_thought(self._thought_normalizer.feed(event.thought))
            if self._splitter is not None:
                self._splitter.expect_text()
        if event.text:
            self._add_content(self._stops.feed(self._normalizer.feed(event.text)))

    def take(self) -> list[TextDelta | ThoughtDelta]:
        """Return what was added since the last call: thoughts first, then text."""
        deltas: list[TextDelta | ThoughtDelta] = []
        if self._thoughts or self._is_retraction:
            deltas.append(ThoughtDelta("".join(self._thoughts), self._is_retraction))
            self._thoughts, self._is_retraction = [], False
        if self._texts:
            deltas.append(TextDelta("".join(self._texts)))
            self._texts = []
        return deltas

    def _merge_message(self, event: Event) -> None:
        """Take a whole message as text, unless deltas have brought it: some servers repeat it."""
        if self._has_delta:
            event.thought, event.has_token = "", False
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
    def is_finished(self) -> bool:
        """Return whether the answer is complete by the server's own finish reason."""
        return self._has_reason and self.has_content

    @property
    def has_content(self) -> bool:
        """Return whether there is visible text or a thought."""
        return self._has_text or self._has_thoughts

    def flush(self) -> None:
        """Add the text that was held back; call this after the last event."""
        if self.is_ended:
            return
        self._add_thought(self._thought_normalizer.flush())
        self._add_content(self._stops.feed(self._normalizer.flush()) + self._stops.flush())
        self.release()

    def release(self) -> None:
        """Add what was held back as the possible beginning of a tag or an end marker.

        Call this instead of `flush` if the answer breaks off.
        """
        if self._splitter is not None:
            self._add_split(self._splitter.flush())
        self._append(self._end_markers.flush())

    def finish(self, *, is_done: bool) -> Finish:
        """Return the end of the answer; `is_done` means that the stream ended with `[DONE]`.

        Raises AttemptError if the answer is not complete: `empty`, `no_finish`, or `only_thoughts`
        and `thinking_limit` for thoughts without an answer.
        """
        if not (self.is_finished or self.is_ended or is_done):
            raise AttemptError("no_finish" if self.has_content else "empty")
        if not self._has_text:
            raise AttemptError(self._code_without_text())
        reason = REFUSAL_REASON if self._is_refusal else self.reason or DONE_REASON
        return Finish(reason, self.prompt_tokens, self.answer_tokens, self.thinking_tokens)

    def _code_without_text(self) -> str:
        if not self._has_thoughts:
            return "empty"
        return "thinking_limit" if self.reason in _LENGTH_REASONS else "only_thoughts"

    def _add_content(self, content: str) -> None:
        """Add content of the answer, in which there may be thoughts."""
        if self._splitter is None:
            self._append(self._end_markers.feed(content))
        elif content:
            self._add_split(self._splitter.feed(content))
        if self._stops.hit:
            self.reason, self.is_ended = "stop_sequence", True
            self._append(self._end_markers.flush())

    def _add_split(self, split: Split) -> None:
        if split.is_retracted:
            self._retract()
        self._add_thought(split.thoughts)
        self._append(self._end_markers.feed(split.text))

    def _retract(self) -> None:
        """Turn all text so far into thoughts."""
        self._append(self._end_markers.release())
        self._end_markers = EndMarkerFilter()
        self._thoughts += self._texts
        self._texts = []
        self._is_retraction = True
        self._has_text, self._has_thoughts = False, self.has_content
        self._text_room, self._thought_room = self._thought_room, self._text_room

    def _append(self, text: str) -> None:
        """Append text, up to the answer's maximum length."""
        if len(text) > self._text_room:
            text = text[: self._text_room]
            self.reason, self.is_ended = "answer_too_long", True
        if text:
            self._text_room -= len(text)
            self._has_text = self._has_text or has_visible(text)
            self._texts.append(text)

    def _add_thought(self, thought: str) -> None:
        """Add a thought, up to the same length and without blank space at the start."""
        if not self._has_thoughts:
            thought = thought.lstrip()
        if len(thought) > self._thought_room:
            thought = thought[: self._thought_room]
            self.reason, self.is_ended = "answer_too_long", True
        if thought:
            self._thought_room -= len(thought)
            self._has_thoughts = self._has_thoughts or has_visible(thought)
            self._thoughts.append(thought)


def _make_splitter(request: ChatRequest) -> ThinkSplitter | None:
    """Return what separates thoughts from text; None for a completion model, which has none.

    The text of an answer that is continued was written before, so it cannot turn into thoughts.
    """
    if request.kind == "completion":
        return None
    return ThinkSplitter(watch=not request.is_continuation)
