"""What is sent, and where to: Hugging Face's router and Hub, servers of one's own, TGI roots."""

from __future__ import annotations

import os
from typing import Any

import pytest

from chat.llm.providers import ChatRequest, ChatTurn, Endpoint, Sampling
from chat.llm.providers import Finish as Finished
from tests.fake_llm import Done, Finish, Frame, Upstream, answer, closed_port, script
from tests.unit.llm.tools import (
    HOSTS,
    MODEL,
    PROMPT,
    TOKEN,
    ask,
    chat_request,
    completion_request,
    hf,
    openai,
)

FULL = Sampling(
    max_tokens=99,
    temperature=0.7,
    top_p=0.95,
    frequency_penalty=0.5,
    repeat_penalty=1.1,
    stop=("User:",),
    seed=7,
)


async def test_hugging_face_router(up: Upstream) -> None:
    outcome = await ask(hf(up), chat_request(system="Be brief.", sampling=FULL))
    assert outcome.reason == "stop"
    (request,) = up.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["host"] == "router.huggingface.co"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.body == {
        "model": MODEL,
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": PROMPT},
        ],
        "max_tokens": 99,
        "temperature": 0.7,
        "top_p": 0.95,
        "frequency_penalty": 0.5,
        "repetition_penalty": 1.1,
        "stop": ["User:"],
        "seed": 7,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_values_that_are_not_set_are_not_sent(up: Upstream) -> None:
    await ask(hf(up))
    (request,) = up.requests
    assert set(request.body) == {"model", "messages", "max_tokens", "stream", "stream_options"}


async def test_whole_conversation_in_order(up: Upstream) -> None:
    turns = ("system", "user", "assistant", "user")
    messages = tuple(ChatTurn(role, f"{at} {role}") for at, role in enumerate(turns))
    await ask(hf(up), ChatRequest(MODEL, "chat", Sampling(max_tokens=9), messages))
    sent = [(turn["role"], turn["content"]) for turn in up.requests[0].body["messages"]]
    assert sent == [(role, f"{at} {role}") for at, role in enumerate(turns)]


async def test_named_provider_is_asked_for_once(up: Upstream) -> None:
    request = chat_request(repo_id="org/named-once")
    for _ in range(2):
        assert (await ask(hf(up, "together"), request)).reason == "stop"
    look_up, first, second = up.requests
    assert (look_up.method, look_up.path) == ("GET", "/api/models/org/named-once")
    assert look_up.headers["host"] == "huggingface.co"
    assert "authorization" not in look_up.headers
    for sent in (first, second):
        assert sent.path == "/together/v1/chat/completions"
        assert sent.headers["authorization"] == f"Bearer {TOKEN}"
        assert sent.body["model"] == "together/org/named-once"


async def test_provider_that_does_not_serve_the_model(up: Upstream) -> None:
    outcome = await ask(hf(up, "groq"), chat_request(repo_id="org/not-on-groq"))
    assert outcome.code == "model_not_found"
    assert not up.chats


async def test_provider_that_is_none(up: Upstream) -> None:
    assert (await ask(hf(up, "nobody"))).code == "not_configured"


@pytest.mark.parametrize(
    ("status", "code"), [(401, "model_not_found"), (404, "model_not_found"), (503, "overloaded")]
)
async def test_hub_refuses_the_look_up(up: Upstream, status: int, code: str) -> None:
    repo_id = f"org/hub-says-{status}"
    up.models[repo_id] = {"status": status}
    outcome = await ask(hf(up, "together"), chat_request(repo_id=repo_id))
    assert outcome.code == code
    assert "org/hub-says" not in outcome.shown.replace(f"repo_id='{repo_id}'", "")


@pytest.mark.parametrize("repo_id", ["openai-community/gpt2", "bigscience/bloom"])
async def test_completion_on_hugging_face(up: Upstream, repo_id: str) -> None:
    outcome = await ask(hf(up), completion_request(repo_id, sampling=FULL))
    assert outcome.text.startswith(f"You said: {PROMPT}")
    assert outcome.finish is not None
    assert outcome.reason == "eos_token"
    assert (outcome.finish.prompt_tokens, outcome.finish.answer_tokens) == (7, 5)
    (request,) = up.chats
    assert request.path == f"/hf-inference/models/{repo_id}"
    assert request.headers["host"] == "router.huggingface.co"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.body == {"inputs": PROMPT, "parameters": parameters(), "stream": True}


def parameters() -> dict[str, Any]:
    return {
        "max_new_tokens": 99,
        "do_sample": True,
        "temperature": 0.7,
        "top_p": 0.95,
        "frequency_penalty": 0.5,
        "repetition_penalty": 1.1,
        "stop": ["User:"],
        "seed": 7,
        "return_full_text": False,
        "details": True,
    }


async def test_completion_of_a_provider_in_the_openai_form(up: Upstream) -> None:
    repo_id = "org/gpt2-by-featherless"
    served = {"providerId": repo_id, "status": "live", "task": "text-generation"}
    up.models[repo_id] = {"inferenceProviderMapping": {"featherless-ai": served}}
    up.script(answer("Hel", "lo"))
    outcome = await ask(hf(up), completion_request(repo_id))
    assert (outcome.code, outcome.text, outcome.finish) == ("", "Hello", Finished("stop", 7, 5))
    (request,) = up.chats
    assert request.path == "/featherless-ai/v1/completions"
    assert request.body["prompt"] == PROMPT


async def test_error_frame_of_a_completion(up: Upstream) -> None:
    up.script(script("Hello", Frame({"message": "no", "code": 429}), Done()))
    outcome = await ask(openai(up.root), completion_request())
    assert (outcome.code, outcome.text) == ("rate_limited", "Hello")


async def test_hub_that_cannot_be_reached() -> None:
    hosts = dict.fromkeys(HOSTS, f"127.0.0.1:{closed_port()}")
    endpoint = Endpoint(kind="hf", token=TOKEN, provider="together", router_map=hosts)
    outcome = await ask(endpoint, chat_request(repo_id="org/no-hub"))
    assert outcome.code == "connect_refused"


async def test_completion_on_a_tgi_root(up: Upstream) -> None:
    outcome = await ask(openai(up.root + "/"), completion_request())
    assert outcome.reason == "eos_token"
    (request,) = up.requests
    assert (request.path, request.headers["host"]) == ("/", up.address)
    assert request.body["inputs"] == PROMPT
    assert TOKEN not in str(request.headers)


async def test_no_sampling_is_said_in_the_words_of_tgi(up: Upstream) -> None:
    sampling = Sampling(max_tokens=9, temperature=0.0, top_p=1.0)
    await ask(openai(up.root), completion_request(sampling=sampling))
    sent = up.requests[0].body["parameters"]
    assert sent["do_sample"] is False
    assert not {"temperature", "top_p"} & set(sent)


async def test_stop_strings_end_a_completion_and_are_not_shown(up: Upstream) -> None:
    up.script(answer("Paris", ".\n", "Us", "er", ": and", " more"))
    outcome = await ask(openai(up.root), completion_request(stop=("\nUser:", "\nBot:")))
    assert (outcome.text, outcome.reason) == ("Paris.", "stop_sequence")
    await up.wait_for(lambda server: server.requests[0].hung_up or server.requests[0].finished)


async def test_what_only_looked_like_a_stop_string_is_shown(up: Upstream) -> None:
    up.script(answer("a\nUs", "ual", "\nUse"))
    outcome = await ask(openai(up.root), completion_request(stop=("\nUser:",)))
    assert (outcome.text, outcome.reason) == ("a\nUsual\nUse", "eos_token")


@pytest.mark.parametrize("suffix", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
async def test_base_url_in_every_form(up: Upstream, suffix: str) -> None:
    await ask(openai(up.root + suffix))
    assert up.requests[0].path == "/v1/chat/completions"
    assert up.requests[0].body["model"] == MODEL


@pytest.mark.parametrize(("key", "sent"), [("", "no-key"), ("sk-own", "sk-own")])
async def test_base_url_never_gets_the_hub_token(
    up: Upstream, monkeypatch: pytest.MonkeyPatch, key: str, sent: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    await ask(openai(up.base_url, key))
    assert up.requests[0].headers["authorization"] == f"Bearer {sent}"
    assert TOKEN not in str(up.requests[0])


async def test_a_repeat_penalty_is_said_in_both_words(up: Upstream) -> None:
    await ask(openai(up.base_url), chat_request(sampling=FULL))
    body = up.requests[0].body
    assert (body["repetition_penalty"], body["repeat_penalty"]) == (1.1, 1.1)


async def test_proxies_of_the_environment_are_not_used(
    up: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await ask(openai(up.base_url))).reason == "stop"


async def test_counts_of_the_server(up: Upstream) -> None:
    up.script(answer("hi"), script("hi", Finish(), Done()))
    with_usage, without = await ask(hf(up)), await ask(hf(up))
    assert with_usage.finish is not None
    assert without.finish is not None
    assert (with_usage.finish.prompt_tokens, with_usage.finish.answer_tokens) == (7, 5)
    assert (without.finish.prompt_tokens, without.finish.answer_tokens) == (None, None)


async def test_hosts_are_mapped_to_loopback_only() -> None:
    hosts = dict.fromkeys(HOSTS, "192.0.2.1:80")
    outcome = await ask(Endpoint(kind="hf", token=TOKEN, router_map=hosts))
    assert outcome.code == "not_configured"


async def test_a_token_that_is_not_of_hugging_face(up: Upstream) -> None:
    assert (await ask(hf(up, token="sk-other"))).code == "unauthorized"
    assert not up.requests


def test_huggingface_hub_adds_nothing_of_its_own() -> None:
    assert os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] == "1"
    assert os.environ["HF_HUB_DISABLE_TELEMETRY"] == "1"
