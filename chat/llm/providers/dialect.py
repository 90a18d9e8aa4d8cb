"""What a server accepts for one of its models, and a request in that form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from chat.llm.providers.types import ChatTurn

SYSTEM_ROLE = "system role"
MAX_TOKENS = "max_tokens"
MAX_COMPLETION_TOKENS = "max_completion_tokens"


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form of requests that a server accepts for a model.

    `omitted` are the names of parameters that it refuses. `token_parameter` is its name for the
    longest answer, "" if it takes none. With `merges_system`, the system prompt stands in front of
    the first question, because the model's template has no system role.
    """

    omitted: frozenset[str] = frozenset()
    token_parameter: str = MAX_TOKENS
    merges_system: bool = False

    def without(self, refused: str) -> Dialect:
        """Return the dialect of a server that refused this parameter, or `SYSTEM_ROLE`.

        Newer models of OpenAI want `max_completion_tokens`, older servers know only `max_tokens`.
        """
        if refused == SYSTEM_ROLE:
            return replace(self, merges_system=True)
        if refused == MAX_TOKENS:
            return replace(self, token_parameter=MAX_COMPLETION_TOKENS)
        if refused == MAX_COMPLETION_TOKENS:
            return replace(self, token_parameter=MAX_TOKENS)
        return replace(self, omitted=self.omitted | {refused})

    def shape_messages(self, turns: Sequence[ChatTurn]) -> list[dict[str, str]]:
        """Return the messages of a request."""
        if self.merges_system and turns and turns[0].role == "system":
            system, *others = turns
            question = others[0].content if others else ""
            merged = f"{system.content}\n\n{question}".rstrip()
            turns = [ChatTurn("user", merged), *others[1:]]
        return [{"role": turn.role, "content": turn.content} for turn in turns]

    def shape_arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of huggingface_hub's `chat_completion` without what is refused."""
        extra = dict(arguments.get("extra_body") or {})
        shaped = {name: value for name, value in arguments.items() if name not in self.omitted}
        if self.token_parameter != MAX_TOKENS:
            tokens = shaped.pop(MAX_TOKENS, None)
            extra |= {self.token_parameter: tokens} if self.token_parameter else {}
        extra = {name: value for name, value in extra.items() if name not in self.omitted}
        return shaped | {"extra_body": extra or None}


PLAIN = Dialect()
