"""Test a model with a one-word question, on the same path as every answer."""

import time
from contextlib import aclosing
from dataclasses import dataclass, replace

from chat.errors import ChatError
from chat.llm.endpoints import LIMITS
from chat.llm.providers import (
    SERVED_BY,
    ChatRequest,
    ChatTurn,
    Deadlines,
    Endpoint,
    Finish,
    Item,
    Learned,
    Retry,
    Sampling,
    TextDelta,
    ThoughtDelta,
    Waiting,
    stream,
    unsupported_reason,
)
from chat.models.catalogue import Kind
from chat.provider_error import ProviderError

SYSTEM = ChatTurn("system", "Answer with one word.")
QUESTION = ChatTurn("user", "Say hello.")
# A server may have to load the model first; the page waits meanwhile.
DEADLINES = Deadlines(connect=5.0, first_token=40.0, idle=15.0, total=50.0)
# Room for a model that thinks first.
MAX_TOKENS = 256
SHOWN_CHARS = 120
# What a server answers that does not take a system prompt.
SYSTEM_ROLE_CODES = frozenset({"bad_request", "unprocessable", "upstream_error"})


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What a test has shown; `code` is the error's, "" for an answer.

    Times are in milliseconds since the request. `has_system_role` is None if that is unknown. An
    answer that goes on and on `is_cut`: enough was seen, and its counts did not come. If
    `merges_system`, the server refused the system prompt, and took it in front of the question.
    """

    code: str = ""
    upstream_status: int | None = None
    served_by: str = ""
    first_ms: int | None = None
    total_ms: int = 0
    text: str = ""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    can_think: bool = False
    is_cut: bool = False
    has_system_role: bool | None = None
    merges_system: bool = False

    @property
    def is_exact(self) -> bool:
        """Return whether the server counted the tokens."""
        return self.prompt_tokens is not None and self.answer_tokens is not None


async def probe(endpoint: Endpoint, repo_id: str, kind: str) -> ProbeResult:
    """Ask a one-word question, with a system prompt if the model chats.

    If the server refuses that in words that `stream` does not understand, it is asked once more
    without. Raises nothing for a refusal: its code is in the result.
    """
    if kind == Kind.COMPLETION:
        return await ask(endpoint, ChatRequest(repo_id, "completion", sampling(), prompt="Hello"))
    request = ChatRequest(repo_id, "chat", sampling(), (SYSTEM, QUESTION))
    result = await ask(endpoint, request)
    if not result.code:
        return replace(result, has_system_role=not result.merges_system)
    if result.code not in SYSTEM_ROLE_CODES:
        return result
    second = await ask(endpoint, replace(request, messages=(QUESTION,)))
    return result if second.code else replace(second, has_system_role=False)


def sampling() -> Sampling:
    return Sampling(max_tokens=MAX_TOKENS)


async def ask(endpoint: Endpoint, request: ChatRequest) -> ProbeResult:
    """Read one answer and return what it shows."""
    if reason := unsupported_reason(endpoint, request.kind, request.repo_id):
        return ProbeResult(code=reason.code)
    providers: list[str] = []
    token = SERVED_BY.set(providers)
    reader = Reader()
    try:
        result = await reader.read(endpoint, request)
    except ProviderError as error:
        result = reader.result(error)
    except ChatError as error:
        result = ProbeResult(code=error.code)
    finally:
        SERVED_BY.reset(token)
    return replace(result, served_by=provider_of(providers))


def provider_of(providers: list[str]) -> str:
    """Return the name that the server gave for its provider, "" for none or an odd one."""
    name = next(filter(None, providers), "")[:50]
    return name if name.isprintable() else ""


class Reader:
    """Reads one answer, and keeps what is worth showing."""

    def __init__(self) -> None:
        self.started_at = time.monotonic()
        self.first_ms: int | None = None
        self.can_think = self.is_cut = self.merges_system = False
        self.text = ""
        self.finish = Finish("")

    async def read(self, endpoint: Endpoint, request: ChatRequest) -> ProbeResult:
        """Read to the end, or until enough was seen. Raises ProviderError."""
        items = stream(endpoint, request, DEADLINES, LIMITS, Retry(attempts=0))
        async with aclosing(items):
            async for item in items:
                if isinstance(item, Waiting):
                    continue
                if isinstance(item, Finish):
                    self.finish = item
                    break
                self.add(item)
                if self.is_cut:
                    break
        return self.result()

    def add(self, item: Item | Learned) -> None:
        """Keep the start of the text, and what the item tells of the model."""
        if isinstance(item, Learned):
            self.merges_system = item.dialect.merges_system
            return
        self.first_ms = self.elapsed() if self.first_ms is None else self.first_ms
        if isinstance(item, ThoughtDelta):
            self.can_think = True
        elif isinstance(item, TextDelta):
            self.text = (self.text + item.text)[:SHOWN_CHARS]
            self.is_cut = len(self.text) == SHOWN_CHARS

    def elapsed(self) -> int:
        """Return the milliseconds since the request."""
        return round((time.monotonic() - self.started_at) * 1000)

    def result(self, error: ProviderError | None = None) -> ProbeResult:
        """Return what was seen; a slow answer that has text is one."""
        if error is not None and error.code == "total_timeout" and self.text.strip():
            error, self.is_cut = None, True
        return ProbeResult(
            code=error.code if error else "",
            upstream_status=error.upstream_status if error else None,
            first_ms=self.first_ms,
            total_ms=self.elapsed(),
            text=self.text.strip(),
            finish_reason=self.finish.reason,
            prompt_tokens=self.finish.prompt_tokens,
            answer_tokens=self.finish.answer_tokens,
            can_think=self.can_think,
            is_cut=self.is_cut,
            merges_system=self.merges_system,
        )
