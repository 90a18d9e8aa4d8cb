"""The text and the end of one answer, as its events come in."""

from __future__ import annotations

from chat.providers.dialect import Event
from chat.providers.failures import AttemptError
from chat.providers.stops import StopFilter
from chat.providers.text import Normaliser, has_visible
from chat.providers.values import Caps, ChatRequest, Finish


class Answer:
    """`started`: a token came, so the request is not to be repeated. `ended`: read no further."""

    __slots__ = (
        "_normaliser",
        "_room",
        "_stops",
        "_visible",
        "answer_tokens",
        "ended",
        "prompt_tokens",
        "reason",
        "started",
    )

    def __init__(self, request: ChatRequest, caps: Caps) -> None:
        self._normaliser = Normaliser()
        # Chat servers leave stop strings out themselves.
        self._stops = StopFilter(request.sampling.stop if request.kind == "completion" else ())
        self._room = caps.answer_chars
        self._visible = False
        self.started = False
        self.ended = False
        self.reason: str | None = None
        self.prompt_tokens: int | None = None
        self.answer_tokens: int | None = None

    def take(self, event: Event) -> str:
        """The text to show for an event; may be empty."""
        if event.prompt_tokens is not None:
            self.prompt_tokens = event.prompt_tokens
        if event.answer_tokens is not None:
            self.answer_tokens = event.answer_tokens
        if self.reason is not None:
            return ""
        self.started = self.started or event.token
        self.reason = event.reason
        return self._show(self._stops.feed(self._normaliser.feed(event.text)))

    def rest(self) -> str:
        """The text that was held back, once there is nothing more to come."""
        if self.ended:
            return ""
        text = self._stops.feed(self._normaliser.flush())
        return self._show(text + self._stops.flush())

    def finish(self) -> Finish:
        """Raises AttemptError (`no_finish`, `empty`) where the answer is not complete."""
        if not self._visible:
            raise AttemptError("empty")
        if self.reason is None:
            raise AttemptError("no_finish")
        return Finish(self.reason, self.prompt_tokens, self.answer_tokens)

    def _show(self, text: str) -> str:
        if self._stops.hit:
            self.reason, self.ended = "stop_sequence", True
        if len(text) > self._room:
            text = text[: self._room]
            self.reason, self.ended = "answer_too_long", True
        self._room -= len(text)
        self._visible = self._visible or has_visible(text)
        return text
