"""Adapt a request that was refused, so that it can be repeated at once."""

from __future__ import annotations

from dataclasses import replace

from chat.llm.providers.dialect import MAX_COMPLETION_TOKENS, MAX_TOKENS, Dialect
from chat.llm.providers.errors import AttemptError
from chat.llm.providers.types import Endpoint

_TOKEN_PARAMETERS = frozenset({MAX_TOKENS, MAX_COMPLETION_TOKENS})


class Adaptation:
    """The endpoint and the dialect of the next attempt, as changed by refusals.

    Each refusal removes something from the request, so there are only a few of them. What is
    learned for later requests is only what the server refuses whatever its value.
    """

    def __init__(self, endpoint: Endpoint, dialect: Dialect) -> None:
        self.endpoint = endpoint
        self.dialect = dialect
        self._lasting = self._known = dialect
        self._refused: set[str] = set()

    def adapt(self, failure: AttemptError) -> bool:
        """Change what the next attempt sends; return False if it would be the same.

        Such a repetition does not count as a retry: the server saw no request, or refused its form.
        """
        if failure.is_lost:
            self.endpoint = replace(self.endpoint, keep_alive=False)
            return True
        name, is_of_value = failure.refusal
        if not name or name in self._refused or (is_of_value and name in _TOKEN_PARAMETERS):
            return False
        self._refused.add(name)
        self.dialect = self._without(self.dialect, name)
        if not is_of_value:
            self._lasting = self._without(self._lasting, name)
        return True

    def _without(self, dialect: Dialect, name: str) -> Dialect:
        dialect = dialect.without(name)
        is_without_limit = self._refused >= _TOKEN_PARAMETERS
        return replace(dialect, token_parameter="") if is_without_limit else dialect

    def take_learned(self) -> Dialect | None:
        """Return the dialect if it changed since the last call; call this once it is accepted."""
        learned = self._lasting if self._lasting != self._known else None
        self._known = self._lasting
        return learned
