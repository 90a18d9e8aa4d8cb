"""Servers that refuse a part of a request: asked once more in their own dialect, and remembered."""

from __future__ import annotations

import json
import time

import pytest

from chat.llm.providers import ChatRequest, ChatTurn, Dialect, Sampling
from chat.llm.providers.dialect import SYSTEM_ROLE
from chat.llm.providers.error_codes import code_for_status, named_window
from chat.llm.providers.refusals import NO_REFUSAL, find_refusal
from tests.fake_llm import Raw, Script, Upstream, answer, script
from tests.fake_llm.faults import ECHO, status
from tests.fake_llm.refusals import NOTHING, PARAMETERS, SYSTEM, WINDOWS, body, openai
from tests.unit.llm.tools import FAST, MODEL, SECRETS, ask, hf
from tests.unit.llm.tools import openai as own_server

SAMPLING = Sampling(
    max_tokens=64,
    temperature=0.7,
    top_p=0.9,
    frequency_penalty=0.1,
    repeat_penalty=1.1,
    stop=("x",),
    seed=1,
)
TURNS = (
    ChatTurn("system", "Be kind."),
    ChatTurn("user", "One?"),
    ChatTurn("assistant", "Yes."),
    ChatTurn("user", "Two?"),
)
REQUEST = ChatRequest(MODEL, "chat", SAMPLING, TURNS)


def names(up: Upstream) -> list[set[str]]:
    return [set(request.body) for request in up.requests]


@pytest.mark.parametrize("name", PARAMETERS)
async def test_a_refused_parameter_is_left_out(up: Upstream, name: str) -> None:
    refusal, refused = PARAMETERS[name]
    up.script(refusal, answer("one"), answer("two"))
    first = await ask(own_server(up.base_url), REQUEST)
    assert (first.text, first.waits, first.code) == ("one", [], "")
    assert first.learned is not None
    second = await ask(own_server(up.base_url), REQUEST, dialect=first.learned)
    assert (second.text, second.learned) == ("two", None)
    sent = names(up)
    added = {"max_completion_tokens"} if refused == "max_tokens" else set()
    assert sent[1] == sent[2] == sent[0] - {refused} | added
    if added:
        assert up.requests[1].body["max_completion_tokens"] == 64


@pytest.mark.parametrize("name", SYSTEM)
async def test_a_refused_system_role_stands_before_the_first_question(
    up: Upstream, name: str
) -> None:
    up.script(SYSTEM[name], answer("one"), answer("two"))
    first = await ask(own_server(up.base_url), REQUEST)
    assert (first.text, first.learned) == ("one", Dialect(merges_system=True))
    assert first.learned is not None
    await ask(own_server(up.base_url), REQUEST, dialect=first.learned)
    assert len(up.requests) == 3
    for request in up.requests[1:]:
        assert request.body["messages"] == [
            {"role": "user", "content": "Be kind.\n\nOne?"},
            {"role": "assistant", "content": "Yes."},
            {"role": "user", "content": "Two?"},
        ]


@pytest.mark.parametrize("name", NOTHING)
async def test_what_is_no_refusal_of_a_part_is_an_error(up: Upstream, name: str) -> None:
    up.script(NOTHING[name], answer("never"))
    outcome = await ask(own_server(up.base_url), REQUEST)
    assert outcome.code in ("bad_request", "unprocessable", "forbidden", "upstream_error")
    assert outcome.learned is None
    assert len(up.requests) == 1


async def test_several_refusals_one_after_the_other(up: Upstream) -> None:
    refusals = [
        openai(400, "no", "max_tokens"),
        openai(400, "no", "temperature"),
        openai(400, "System role not supported"),
        openai(400, "no", "top_p"),
    ]
    up.script(*refusals, answer("one"))
    outcome = await ask(hf(up), REQUEST)
    assert outcome.text == "one"
    assert outcome.learned == Dialect(
        frozenset({"temperature", "top_p"}), "max_completion_tokens", merges_system=True
    )


async def test_a_server_that_takes_neither_name_gets_none(up: Upstream) -> None:
    up.script(
        openai(400, "no", "max_tokens"), openai(400, "no", "max_completion_tokens"), answer("one")
    )
    outcome = await ask(hf(up), REQUEST)
    assert outcome.learned == Dialect(token_parameter="")
    assert not names(up)[2] & {"max_tokens", "max_completion_tokens"}


async def test_a_name_that_was_learnt_can_be_unlearnt(up: Upstream) -> None:
    up.script(openai(400, "unknown", "max_completion_tokens"), answer("one"))
    known = Dialect(token_parameter="max_completion_tokens")
    assert (await ask(hf(up), REQUEST, dialect=known)).learned == Dialect()


async def test_nothing_is_learnt_before_it_is_accepted(up: Upstream) -> None:
    up.script(openai(400, "no", "temperature"), status(401))
    outcome = await ask(hf(up), REQUEST)
    assert (outcome.code, outcome.learned) == ("unauthorized", None)


async def test_a_server_that_refuses_everything_is_left_alone(up: Upstream) -> None:
    every = " ".join(sorted(["temperature", "top_p", "frequency_penalty", "max_tokens"]))
    up.script(*[openai(400, f"unknown: {every} max_completion_tokens {ECHO}")] * 50)
    outcome = await ask(hf(up), REQUEST, retry=FAST)
    assert outcome.code == "bad_request"
    assert len(up.requests) < 12
    assert not [secret for secret in SECRETS if secret in outcome.shown]


async def test_a_repetition_is_no_retry(up: Upstream) -> None:
    up.script(status(503), openai(400, "no", "top_p"), status(503), answer("one"))
    outcome = await ask(hf(up), REQUEST, retry=FAST)
    assert outcome.text == "one"
    assert [wait.attempt for wait in outcome.waits] == [1, 2]


def test_without_a_question_the_system_prompt_is_one() -> None:
    shaped = Dialect(merges_system=True).shape_messages(TURNS[:1])
    assert shaped == [{"role": "user", "content": "Be kind."}]
    assert Dialect(merges_system=True).shape_messages(TURNS[1:2]) == [
        {"role": "user", "content": "One?"}
    ]


@pytest.mark.parametrize("sent", [None, [], {}, {"inputs": "x"}, "text", 7])
def test_only_chats_are_adapted(sent: object) -> None:
    assert find_refusal(400, "System role not supported temperature", sent) == NO_REFUSAL


def test_a_body_that_repeats_the_request_names_nothing_by_that() -> None:
    text = json.dumps({"error": {"message": "bad", "param": None}, "request": {"temperature": 1}})
    assert find_refusal(400, text, {"messages": [], "temperature": 1}) == NO_REFUSAL


VALUES = {
    "temperature": "'temperature' should be less than or equal to 1.",
    "top_p": "top_p must be in the range (0, 1]",
    "frequency_penalty": "frequency_penalty is too high: at most 1 is allowed",
}


@pytest.mark.parametrize("name", VALUES)
async def test_a_refused_value_is_left_out_once_and_not_learnt(up: Upstream, name: str) -> None:
    """Another value, of another person, may be taken."""
    for refusal in (openai(400, VALUES[name], name), openai(422, VALUES[name])):
        up.script(refusal, answer("one"))
        outcome = await ask(own_server(up.base_url), REQUEST)
        assert (outcome.text, outcome.learned) == ("one", None)
        assert name not in up.requests[-1].body


async def test_a_length_that_is_too_large_is_an_error(up: Upstream) -> None:
    """Without a limit, an answer could cost anything."""
    text = "max_tokens is too large: 8192. This model supports at most 4096 completion tokens."
    up.script(openai(400, text, "max_tokens"), answer("never"))
    outcome = await ask(own_server(up.base_url), REQUEST)
    assert outcome.code == "bad_request"
    assert outcome.error is not None
    assert outcome.error.evidence.parameter == "max_tokens"
    assert len(up.requests) == 1


QUESTION = "what is the temperature, and what is a context window?"
REPEATED = {
    "pydantic": json.dumps(
        {"detail": [{"loc": ["body", "messages", 1], "msg": "Input is odd", "input": QUESTION}]}
    ),
    "a guardrail": f"Content blocked: {QUESTION[:30]}",
    "a guardrail as JSON": json.dumps({"error": "Content blocked", "prompt": QUESTION}),
}


@pytest.mark.parametrize("name", REPEATED)
def test_a_body_that_repeats_the_question_refuses_nothing(name: str) -> None:
    sent = {"messages": [{"role": "system"}], "temperature": 1}
    assert find_refusal(422, REPEATED[name], sent) == NO_REFUSAL
    assert code_for_status(422, REPEATED[name]) == "unprocessable"


def test_a_failure_that_mentions_the_system_prompt_refuses_nothing() -> None:
    sent = {"messages": [{"role": "system"}]}
    text = '{"error": {"message": "Invalid state. Your system prompt was too weird"}}'
    assert find_refusal(500, text, sent) == NO_REFUSAL
    template = '{"error": "Jinja: System role not supported"}'
    assert find_refusal(500, template, sent).name == SYSTEM_ROLE


@pytest.mark.parametrize(
    "text",
    ["a" * 16_384, '"' * 16_384, "system role " * 1_400, "not support" * 1_500, "[" * 16_384],
)
def test_hostile_bodies_are_read_quickly(text: str) -> None:
    sent = {"messages": [{"role": "system"}], "temperature": 1}
    started = time.process_time()
    for code in (400, 500):
        assert find_refusal(code, text, sent).name in ("", SYSTEM_ROLE)
    assert time.process_time() - started < 1


# Windows
@pytest.mark.parametrize("code", [400, 500])
@pytest.mark.parametrize("name", WINDOWS)
async def test_the_window_that_a_server_names_is_known(up: Upstream, name: str, code: int) -> None:
    message, window = WINDOWS[name]
    up.script(openai(code, message))
    outcome = await ask(own_server(up.base_url), REQUEST)
    assert outcome.code == "context_too_long"
    assert outcome.error is not None
    assert (outcome.error.evidence.window, outcome.error.evidence.status) == (window, code)
    assert len(up.requests) == 1


@pytest.mark.parametrize("name", WINDOWS)
async def test_the_window_is_known_from_a_stream_too(up: Upstream, name: str) -> None:
    """LM Studio answers 200 before it counts."""
    message, window = WINDOWS[name]
    frames: list[Script] = [
        script(Raw(b"event: error\ndata: " + json.dumps({"error": message}).encode() + b"\n\n")),
        script(Raw(b"data: " + json.dumps({"error": {"message": message}}).encode() + b"\n\n")),
        body(200, {"error": {"message": message}}),
    ]
    for frame in frames:
        up.script(frame)
        outcome = await ask(own_server(up.base_url), REQUEST)
        assert outcome.error is not None
        assert (outcome.code, outcome.error.evidence.window) == ("context_too_long", window)


def test_llama_cpp_names_its_window_in_a_field() -> None:
    text = '{"error":{"message":"exceed_context_size_error","n_prompt_tokens":9,"n_ctx":4096}}'
    assert (code_for_status(400, text), named_window(text)) == ("context_too_long", 4096)
