"""The counters and the choice between them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from chat.llm.tokens.estimate import estimate_tokens
from chat.llm.tokens.mistral_model import load_mistral_v3

Turn = tuple[str, str]


class Counter(ABC):
    """`exact` tells a count from an estimate; `start` is what any chat costs before its first turn.

    Text must be storable: a lone surrogate raises UnicodeEncodeError.
    """

    exact: ClassVar[bool]
    start: ClassVar[int]

    @abstractmethod
    def text(self, text: str) -> int:
        """Tokens of a bare text."""

    @abstractmethod
    def turn(self, role: str, text: str) -> int:
        """Tokens of one turn ("user" or "assistant") with what frames it."""

    @abstractmethod
    def question(self, system: str, text: str) -> int:
        """Tokens of the last user turn together with the system prompt ("" for none)."""

    def chat(self, system: str, turns: Sequence[Turn]) -> int:
        """Tokens of a whole request; `turns` are (role, text), oldest first.

        Without a user turn the system prompt is not counted, since there is nothing to send.
        """
        last = max((at for at, (role, _) in enumerate(turns) if role == "user"), default=-1)
        counts = (
            self.question(system, text) if at == last else self.turn(role, text)
            for at, (role, text) in enumerate(turns)
        )
        return self.start + sum(counts)


class MistralCounter(Counter):
    """Mistral's tokenizer version 3, exact.

    Format, from mistral-common's `InstructTokenizerV3`: `<s>`, each user turn `[INST] text
    [/INST]`, each answer without its trailing spaces and `</s>`, the system prompt before the last
    user text with a blank line between. The markers are one token each.
    """

    exact = True
    start = 1

    def text(self, text: str) -> int:
        return len(load_mistral_v3().encode(_storable(text)))

    def turn(self, role: str, text: str) -> int:
        if role == "user":
            return self.text(text) + 2
        return self.text(text.rstrip(" ")) + 1

    def question(self, system: str, text: str) -> int:
        return self.turn("user", f"{system}\n\n{text}" if system else text)


class EstimateCounter(Counter):
    """For models whose tokenizer is not here: an over-estimate, see `estimate_tokens`, plus 4 a
    turn.
    """

    exact = False
    start = 1

    _FRAME = 4

    def text(self, text: str) -> int:
        return estimate_tokens(text)

    def turn(self, role: str, text: str) -> int:
        return self.text(text) + self._FRAME

    def question(self, system: str, text: str) -> int:
        framed = self.turn("system", system) if system else 0
        return framed + self.turn("user", text)


_ESTIMATE = EstimateCounter()
_COUNTERS: dict[str, Counter] = {"mistral-v3": MistralCounter(), "estimate": _ESTIMATE}


def counter(tokenizer_name: str) -> Counter:
    """The counter for a tokenizer's name; the estimate for any that is not here."""
    return _COUNTERS.get(tokenizer_name, _ESTIMATE)


def _storable(text: str) -> str:
    # sentencepiece answers a lone surrogate with a RuntimeError that names C++ types.
    text.encode()
    return text
