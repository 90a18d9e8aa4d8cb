"""The failure of a model server, and what administrators may learn about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from types import MappingProxyType
from typing import Any, Self

from chat.errors import ChatError


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an administrator may learn about a failed request; never text that a server sent.

    `status` is the HTTP status. `asked` is the address that was asked, without credentials and
    values of its query. `content_type` is that of a response that was no stream. `parameter` is the
    one that the server refused. `window` is the context window that it named, in tokens. `seconds`
    is the deadline that passed, and `kept_alive` tells that the server sent comments meanwhile.
    """

    status: int | None = None
    asked: str = field(default="", repr=False)
    content_type: str = ""
    parameter: str = ""
    window: int | None = None
    seconds: float | None = None
    kept_alive: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what is known, as JSON's values."""
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the evidence that `to_json` gave; names of other versions are dropped."""
        names = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in names})


NO_EVIDENCE = Evidence()


DEADLINE_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "connect_timeout": "DEADLINE_CONNECT",
        "first_token_timeout": "DEADLINE_FIRST_TOKEN",
        "idle_timeout": "DEADLINE_IDLE",
        "total_timeout": "DEADLINE_TOTAL",
    }
)


class ProviderError(ChatError):
    """A failure of the model server or of the connection to it, with its evidence."""

    def __init__(
        self,
        code: str,
        *,
        retry_after: float | None = None,
        upstream_status: int | None = None,
        evidence: Evidence = NO_EVIDENCE,
    ) -> None:
        super().__init__(code, retry_after=retry_after)
        known = upstream_status is None
        self.evidence = evidence if known else replace(evidence, status=upstream_status)

    @property
    def upstream_status(self) -> int | None:
        """Return the HTTP status that the server sent, or None."""
        return self.evidence.status

    @property
    def detail(self) -> str:
        """Describe the error for the operator's log, without anything private.

        That is the code, the HTTP status, and the setting of a deadline that passed.
        """
        status = "none" if self.upstream_status is None else str(self.upstream_status)
        parts = [f"code={self.code} upstream_status={status}"]
        if self.evidence.seconds and self.code in DEADLINE_SETTINGS:
            parts.append(f"{DEADLINE_SETTINGS[self.code]}={self.evidence.seconds:g}")
        if self.evidence.kept_alive:
            parts.append("kept_alive=yes")
        return " ".join(parts)
