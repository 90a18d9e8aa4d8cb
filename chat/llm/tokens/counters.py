"""The token counters, exact and estimated."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from chat.llm.tokens.estimate import estimate_tokens
from chat.llm.tokens.mistral_model import load_mistral_v3

Turn = tuple[str, str]


class Counter(ABC):
    """Counts tokens; `exact` is False for an estimate.

    `start` is the number of tokens of any chat before its first turn. All methods raise
    UnicodeEncodeError for text with a lone surrogate.
    """

    exact: ClassVar[bool]
    start: ClassVar[int]

    @abstractmethod
    def text(self, text: str) -> int:
        """Return the tokens of a text alone."""

    @abstractmethod
    def turn(self, role: str, text: str) -> int:
        """Return the tokens of a turn ("user" or "assistant") with its markers."""

    @abstractmethod
    def question(self, system: str, text: str) -> int:
        """Return the tokens of the last user turn and the system prompt ("" for none)."""

    def chat(self, system: str, turns: Sequence[Turn]) -> int:
        """Return the tokens of a whole request; `turns` are (role, text), oldest first.

        Without a user turn the system prompt is not counted, because it is not sent.
        """
        questions = [index for index, (role, _) in enumerate(turns) if role == "user"]
        last = questions[-1] if questions else -1
        counts = (
            self.question(system, text) if index == last else self.turn(role, text)
            for index, (role, text) in enumerate(turns)
        )
        return self.start + sum(counts)


class MistralCounter(Counter):
    """Exact counts for version 3 of Mistral's tokenizer.

    The format is that of mistral-common's `InstructTokenizerV3`: `<s>`, then `[INST] text [/INST]`
    for a user turn, and the answer without trailing spaces plus `</s>`. The system prompt and a
    blank line precede the last user text. Each marker is one token.
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
    """Over-estimates for models without a bundled tokenizer; adds 4 tokens for each turn."""

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
    """Return the counter for a tokenizer's name, the estimating one for an unknown name."""
    return _COUNTERS.get(tokenizer_name, _ESTIMATE)


def _storable(text: str) -> str:
    # For a lone surrogate sentencepiece would raise a RuntimeError about C++ types.
    text.encode()
    return text
