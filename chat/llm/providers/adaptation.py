"""Adapt a request that was refused, so that it can be repeated at once."""

from __future__ import annotations

from dataclasses import replace

from chat.llm.providers.dialect import MAX_COMPLETION_TOKENS, MAX_TOKENS, Dialect
from chat.llm.providers.errors import AttemptError
from chat.llm.providers.types import Endpoint

_TOKEN_PARAMETERS = frozenset({MAX_TOKENS, MAX_COMPLETION_TOKENS})


class Adaptation:
    """The endpoint and the dialect of the next attempt, as changed by refusals.

    Each refusal removes something from the request, so there are only a few of them.
    """

    def __init__(self, endpoint: Endpoint, dialect: Dialect) -> None:
        self.endpoint = endpoint
        self.dialect = dialect
        self._known = dialect
        self._refused: set[str] = set()

    def adapt(self, failure: AttemptError) -> bool:
        """Change what the next attempt sends; return False if it would be the same.

        Such a repetition does not count as a retry: the server saw no request, or refused its form.
        """
        if failure.is_lost:
            self.endpoint = replace(self.endpoint, keep_alive=False)
            return True
        if not failure.refused or failure.refused in self._refused:
            return False
        self._refused.add(failure.refused)
        self.dialect = self.dialect.without(failure.refused)
        if self._refused >= _TOKEN_PARAMETERS:
            self.dialect = replace(self.dialect, token_parameter="")
        return True

    def take_learned(self) -> Dialect | None:
        """Return the dialect if it changed since the last call; call this once it is accepted."""
        learned = self.dialect if self.dialect != self._known else None
        self._known = self.dialect
        return learned
