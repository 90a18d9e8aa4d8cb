"""Frozen values that go into the provider edge and come out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

EndpointKind = Literal["hf", "openai", "none"]
ModelKind = Literal["chat", "completion"]


def _no_hosts() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model server, or none.

    `hf` uses `token` and `provider` (a provider's name or "auto"). `openai` uses `base_url` and
    `api_key` (empty for a server without a key) and never gets `token`. `none` is a site without a
    model. With `keep_alive`, connections are reused for later answers. `router_map` is for tests
    only: it maps a host name to the loopback address ("127.0.0.1:8123") that replaces it.
    """

    kind: EndpointKind
    token: str = field(default="", repr=False)
    provider: str = "auto"
    base_url: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    keep_alive: bool = False
    router_map: Mapping[str, str] = field(default_factory=_no_hosts, repr=False)


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds, by the monotonic clock.

    `connect` and `first_token` run from the start of an attempt, `idle` from
    the last token, but not while the reader is away,
    `total` from the start of the first attempt, waits between attempts included.
    """

    connect: float = 10.0
    first_token: float = 60.0
    idle: float = 30.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """`answer_chars`: characters of an answer, then it is ended. `frame_bytes`: bytes of one event
    line.
    """

    answer_chars: int = 200_000
    frame_bytes: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Retry:
    """Automatic retries before the first token.

    The wait before retry n (from 1) is `base * 2**(n-1)` seconds with a jitter of a quarter, or
    what the server asked for. A server that asks for more than `cap` seconds is not asked again.
    """

    attempts: int = 2
    base: float = 1.0
    cap: float = 30.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """None leaves a value to the server. `max_tokens` limits the answer."""

    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    repeat_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """`role` is system, user or assistant."""

    role: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """`messages` for a chat model, `prompt` for a completion model."""

    repo_id: str
    kind: ModelKind
    sampling: Sampling
    messages: tuple[ChatTurn, ...] = field(default=(), repr=False)
    prompt: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Some text of the answer: never empty, safe for Postgres, JSON and websockets (see
    `text.Normaliser`).
    """

    text: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """Attempt `attempt` (from 1) failed with `code`; the next one starts in `seconds`."""

    seconds: float
    attempt: int
    code: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete.

    `reason` is the server's last word: stop, length, content_filter, eos_token, stop_sequence or an
    unknown one, or our own: "answer_too_long", and "done" where the server named none. Token counts
    are the server's, None where it sent none.
    """

    reason: str
    prompt_tokens: int | None = None
    answer_tokens: int | None = None


Item = TextDelta | Waiting | Finish
