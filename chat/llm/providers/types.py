"""The values that `stream` takes and yields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
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

    @property
    def fingerprint(self) -> str:
        """Return what tells this server from others, without holding its address."""
        identity = "\n".join((self.kind, self.provider, self.base_url.rstrip("/")))
        return sha256(identity.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Deadlines in seconds, by the monotonic clock.

    `connect` and `first_token` run from the start of an attempt. `idle` runs from the last token,
    without the time the reader takes. `total` runs from the start of the first attempt, including
    waits between attempts.
    """

    connect: float = 10.0
    first_token: float = 60.0
    idle: float = 30.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The maximum length of an answer in characters and of an event's line in bytes.

    A longer answer is ended; a longer line is an error.
    """

    answer_chars: int = 200_000
    frame_bytes: int = 2_000_000


@dataclass(frozen=True, slots=True)
class Retry:
    """Automatic retries before the first token.

    The delay before retry n (from 1) is `base * 2**(n-1)` seconds plus or minus a quarter, or the
    one that the server requests. There is no retry if it requests more than `cap` seconds.
    """

    attempts: int = 2
    base: float = 1.0
    cap: float = 30.0


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling values; None leaves a value to the server. `max_tokens` limits the answer."""

    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None
    frequency_penalty: float | None = None
    repeat_penalty: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """One turn of the request; `role` is "system", "user" or "assistant"."""

    role: str
    content: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A request: `messages` for a chat model, `prompt` for a completion model.

    `is_continuation` tells that the answer continues one that was cut off.
    """

    repo_id: str
    kind: ModelKind
    sampling: Sampling
    messages: tuple[ChatTurn, ...] = field(default=(), repr=False)
    prompt: str = field(default="", repr=False)
    is_continuation: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text of the answer: not empty, and safe for Postgres, JSON and websockets.

    See `chat.text.ChunkNormalizer`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class ThoughtDelta:
    """A piece of what the model thinks before it answers, as safe as a `TextDelta`.

    If `is_retraction`, all text so far was thoughts: it goes before this piece, which may be empty.
    """

    text: str
    is_retraction: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Attempt number `attempt` (from 1) failed with `code`; the next starts in `seconds`."""

    seconds: float
    attempt: int
    code: str


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is complete.

    `reason` is the server's finish reason (stop, length, content_filter, eos_token, stop_sequence
    or another one), or ours: "answer_too_long", or "done" if the server gave none. Token counts are
    the server's, None if it sent none; `answer_tokens` include `thinking_tokens`.
    """

    reason: str
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    thinking_tokens: int | None = None


Item = TextDelta | ThoughtDelta | Waiting | Finish
