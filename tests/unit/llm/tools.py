"""Asking an endpoint in tests, and what came of it."""

from __future__ import annotations

import traceback
from contextlib import aclosing
from dataclasses import dataclass, field

from chat.llm.providers import (
    PLAIN,
    ChatRequest,
    ChatTurn,
    Deadlines,
    Dialect,
    Endpoint,
    Finish,
    Item,
    Learned,
    Limits,
    Retry,
    Sampling,
    TextDelta,
    ThoughtDelta,
    Waiting,
    stream,
)
from chat.provider_error import ProviderError
from tests.fake_llm import Upstream
from tests.fake_llm.faults import ECHO

TOKEN = "hf_SECRET-TOKEN"
PROMPT = "SECRET-PROMPT"
MODEL = "mistralai/Mistral-7B-Instruct-v0.3"
SECRETS = (TOKEN, PROMPT, ECHO, "huggingface.co", "127.0.0.1", "http://")

PATIENT = Deadlines(connect=20.0, first_token=20.0, idle=20.0, total=60.0)
FIRST = Deadlines(connect=20.0, first_token=0.8, idle=20.0, total=60.0)
MID = Deadlines(connect=20.0, first_token=20.0, idle=0.3, total=60.0)
ONCE = Retry(attempts=0)
FAST = Retry(base=0.01)
HOSTS = ("router.huggingface.co", "huggingface.co")


@dataclass(slots=True)
class Outcome:
    """`shown` is the error as text with its whole traceback and the values of its local names.

    `learned` is the dialect that the server accepted after it had refused another one.
    """

    text: str = ""
    finish: Finish | None = None
    error: ProviderError | None = None
    waits: list[Waiting] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    thoughts: str = ""
    learned: Dialect | None = None
    shown: str = ""

    @property
    def code(self) -> str:
        return "" if self.error is None else self.error.code

    @property
    def reason(self) -> str:
        return "" if self.finish is None else self.finish.reason


def hf(up: Upstream, provider: str = "auto", token: str = TOKEN) -> Endpoint:
    """Hugging Face, with the scripted server in the place of its router and its Hub."""
    hosts = dict.fromkeys(HOSTS, up.address)
    return Endpoint(kind="hf", token=token, provider=provider, router_map=hosts)


def openai(base_url: str, api_key: str = "") -> Endpoint:
    """A server of one's own; HF_TOKEN is known too, to see that it is not sent."""
    return Endpoint(kind="openai", base_url=base_url, api_key=api_key, token=TOKEN)


def chat_request(
    text: str = PROMPT, system: str = "", sampling: Sampling | None = None, repo_id: str = MODEL
) -> ChatRequest:
    turns = [ChatTurn("system", system)] if system else []
    turns.append(ChatTurn("user", text))
    return ChatRequest(repo_id, "chat", sampling or Sampling(max_tokens=64), tuple(turns))


def completion_request(
    repo_id: str = "openai-community/gpt2",
    stop: tuple[str, ...] = (),
    sampling: Sampling | None = None,
) -> ChatRequest:
    sampling = sampling or Sampling(max_tokens=64, stop=stop)
    return ChatRequest(repo_id, "completion", sampling, prompt=PROMPT)


async def ask(
    endpoint: Endpoint,
    request: ChatRequest | None = None,
    deadlines: Deadlines = PATIENT,
    caps: Limits | None = None,
    retry: Retry = ONCE,
    dialect: Dialect = PLAIN,
) -> Outcome:
    outcome = Outcome()
    request, caps = request or chat_request(), caps or Limits()
    answer = stream(endpoint, request, deadlines, caps, retry, dialect)
    try:
        async with aclosing(answer) as items:
            async for item in items:
                _note(outcome, item)
    except ProviderError as error:
        outcome.error = error
        outcome.shown = show(error)
    return outcome


def _note(outcome: Outcome, item: Item | Learned) -> None:
    assert outcome.finish is None, "something came after Finish"
    if isinstance(item, TextDelta):
        assert item.text
        outcome.text += item.text
        outcome.pieces.append(item.text)
    elif isinstance(item, ThoughtDelta):
        assert item.text or item.is_retraction
        if item.is_retraction:
            outcome.thoughts, outcome.text = outcome.thoughts + outcome.text, ""
        outcome.thoughts += item.text
    elif isinstance(item, Waiting):
        assert not outcome.text
        outcome.waits.append(item)
    elif isinstance(item, Learned):
        assert outcome.learned is None
        assert not outcome.text
        outcome.learned = item.dialect
    else:
        outcome.finish = item


def show(error: ProviderError) -> str:
    """All that a log or an error report could say of an error, local names included."""
    assert error.__cause__ is None
    assert error.__context__ is None
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "\n".join([str(error), repr(error), error.detail, *told.format()])
