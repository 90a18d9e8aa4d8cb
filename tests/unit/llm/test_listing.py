"""Which models a server says that it offers: every format, and what is none."""

import asyncio
import json
import time

import pytest

from chat.llm.providers import Endpoint, ListedModel, list_models
from chat.llm.providers.listing import LIST_BYTES, MAX_ENTRIES, models_url, parse_list
from chat.provider_error import ProviderError
from tests.fake_llm import Respond, Stall, Upstream, closed_port
from tests.unit.llm.tools import TOKEN, hf, openai, show

FORMATS = {
    "openai": ({"data": [{"id": "gpt-x", "object": "model"}]}, ("gpt-x", None)),
    "vllm": ({"data": [{"id": "Qwen/Q", "max_model_len": 32768}]}, ("Qwen/Q", 32768)),
    "llama.cpp": ({"data": [{"id": "s.gguf", "meta": {"n_ctx_train": 2048}}]}, ("s.gguf", 2048)),
    "lm studio": ({"data": [{"id": "m", "max_context_length": 4096}]}, ("m", 4096)),
    "router": (
        {
            "data": [
                {
                    "id": "o/m",
                    "providers": [{"context_length": 9000}, {"context_length": 8000}, {"x": 1}],
                }
            ]
        },
        ("o/m", 8000),
    ),
    "bare list": ([{"id": "a"}], ("a", None)),
    "names": ({"models": ["a"]}, ("a", None)),
    "ollama": (
        {"models": [{"name": "llama3.2:3b", "model": "llama3.2:3b"}]},
        ("llama3.2:3b", None),
    ),
    "tgi info": ({"model_id": "b/c", "max_total_tokens": 4096}, ("b/c", 4096)),
    "odd window": (
        {"data": [{"id": "a", "context_length": True, "max_model_len": -1}]},
        ("a", None),
    ),
    "huge window": ({"data": [{"id": "a", "context_length": 10**30}]}, ("a", None)),
}
NO_LISTS = [
    b"",
    b"<!doctype html><title>Ollama is running</title>",
    b"\xff\xfe\x00",
    b"null",
    b"17",
    b'"a"',
    b"{}",
    b'{"data": {}}',
    b'{"data": "a"}',
    b'{"error": "no"}',
    b"[" * 100_000,
]
BAD_NAMES = ["", " a", "a\nb", "a\x00b", "\ud800", "x" * 201, 7, None, ["a"], {"a": 1}]
ADDRESSES = {
    "http://h:1": "http://h:1/v1/models",
    "http://h:1/": "http://h:1/v1/models",
    "http://h/v1": "http://h/v1/models",
    "http://h/v1/": "http://h/v1/models",
    "http://h/v1/chat/completions": "http://h/v1/models",
    "http://h/api/v3": "http://h/api/v3/models",
    "http://h/v1beta/openai/": "http://h/v1beta/openai/models",
    "http://h/openai/deployments/x?api-version=1": "http://h/openai/deployments/x/models?api-version=1",
    "http://[::1]:9/v1": "http://[::1]:9/v1/models",
}


@pytest.mark.parametrize(("data", "expected"), FORMATS.values(), ids=FORMATS)
def test_every_format_is_read(data: object, expected: tuple[str, int | None]) -> None:
    assert parse_list(json.dumps(data).encode()) == [ListedModel(*expected)]


@pytest.mark.parametrize("body", NO_LISTS, ids=lambda body: repr(body[:20]))
def test_anything_else_is_no_list(body: bytes) -> None:
    with pytest.raises(ProviderError) as caught:
        parse_list(body)
    assert caught.value.code == "no_model_list"


def test_names_that_cannot_be_stored_are_left_out() -> None:
    data = {"data": [{"id": name} for name in [*BAD_NAMES, "good", "good"]] + [3, None]}
    assert parse_list(json.dumps(data).encode()) == [ListedModel("good")]


@pytest.mark.parametrize(("base", "url"), ADDRESSES.items())
def test_the_list_is_beside_the_completions(base: str, url: str) -> None:
    assert models_url(base) == url


async def code_of(endpoint: Endpoint, seconds: float = 5.0) -> str:
    with pytest.raises(ProviderError) as caught:
        await list_models(endpoint, seconds)
    assert TOKEN not in show(caught.value)
    return caught.value.code


async def test_a_server_is_asked_with_its_key(up: Upstream) -> None:
    up.models = {"llama3.2:3b": {"max_model_len": 4096}}
    assert await list_models(openai(up.base_url, "key")) == [ListedModel("llama3.2:3b", 4096)]
    (request,) = up.requests
    assert (request.method, request.path) == ("GET", "/v1/models")
    assert request.headers["authorization"] == "Bearer key"


async def test_without_a_key_none_is_sent(up: Upstream) -> None:
    await list_models(openai(up.base_url))
    assert "authorization" not in up.requests[0].headers


async def test_the_router_is_asked_with_the_token(up: Upstream) -> None:
    up.models = {"o/m": {"providers": [{"context_length": 4096}]}}
    assert await list_models(hf(up)) == [ListedModel("o/m", 4096)]
    (request,) = up.requests
    assert request.path == "/v1/models"
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["host"] == "router.huggingface.co"


async def test_ten_thousand_models_are_read(up: Upstream) -> None:
    up.models = {f"owner/model-{number}": {} for number in range(10_000)}
    assert len(await list_models(openai(up.base_url))) == 10_000


async def longest_pause(work: asyncio.Task[object]) -> float:
    """Seconds that the event loop did nothing else until `work` was done."""
    longest, last = 0.0, time.monotonic()
    while not work.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest


async def test_a_million_names_are_cut_and_keep_no_one_waiting(up: Upstream) -> None:
    names = [format(number, "x") for number in range(1_000_000)]
    body = json.dumps({"data": names}, separators=(",", ":")).encode()
    assert LIST_BYTES * 0.9 < len(body) < LIST_BYTES
    up.listing = Respond(200, body)
    work = asyncio.create_task(list_models(openai(up.base_url), 60))
    pause = await longest_pause(work)
    assert [item.repo_id for item in work.result()] == names[:MAX_ENTRIES]
    assert pause < 0.5, pause


async def test_the_root_of_tgi_tells_its_model(up: Upstream) -> None:
    up.listing = Respond(404, b"{}")
    up.info = {"model_id": "bigscience/bloom", "max_total_tokens": 2048}
    assert await list_models(openai(up.root)) == [ListedModel("bigscience/bloom", 2048)]
    assert [request.path for request in up.requests] == ["/v1/models", "/info"]


async def test_a_path_of_its_own_is_asked_once(up: Upstream) -> None:
    up.listing = Respond(404, b"{}")
    assert await code_of(openai(f"{up.root}/api/v3", TOKEN)) == "no_model_list"
    assert [request.path for request in up.requests] == ["/api/v3/models"]


def test_a_list_that_is_cut_anywhere_is_none() -> None:
    body = json.dumps({"data": [{"id": "é", "context_length": 9}, {"id": "b"}]}).encode()
    for end in range(len(body)):
        with pytest.raises(ProviderError):
            parse_list(body[:end])


@pytest.mark.parametrize("cut", [b"", b"{", b'{"data": [{"id": "a"}]'])
async def test_a_connection_that_breaks_is_said(cut: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + cut)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await code_of(openai(f"http://127.0.0.1:{port}/v1", TOKEN)) == "cut"


REFUSALS = {
    "html": (Respond(200, b"<html>", "text/html"), "no_model_list"),
    "404": (Respond(404, b"{}"), "no_model_list"),
    "405": (Respond(405, b"{}"), "no_model_list"),
    "204": (Respond(204, b""), "no_model_list"),
    "500": (Respond(500, b"{}"), "upstream_error"),
    "401": (Respond(401, b"{}"), "unauthorized"),
    "403": (Respond(403, b"{}"), "forbidden"),
    "302": (Respond(302, b""), "redirect"),
    "too long": (Respond(200, b" " * (LIST_BYTES + 1)), "no_model_list"),
}


@pytest.mark.parametrize(("listing", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_a_refusal_has_a_code(up: Upstream, listing: Respond, code: str) -> None:
    up.listing = listing
    assert await code_of(openai(up.base_url, TOKEN)) == code


async def test_a_server_that_never_answers_costs_its_time(up: Upstream) -> None:
    up.listing = Stall()
    started = time.monotonic()
    assert await code_of(openai(up.base_url, TOKEN), 0.2) == "connect_timeout"
    assert time.monotonic() - started < 10
    await up.wait_for(lambda server: True)


async def test_nothing_listens() -> None:
    assert await code_of(openai(f"http://127.0.0.1:{closed_port()}/v1", TOKEN)) == "connect_refused"


async def test_a_name_that_does_not_exist() -> None:
    assert await code_of(openai(f"http://{'.'.join(['x' * 60] * 5)}/v1", TOKEN)) == "dns"


async def test_the_loop_is_free_meanwhile(up: Upstream) -> None:
    up.listing = Stall()
    task = asyncio.ensure_future(code_of(openai(up.base_url, TOKEN), 0.5))
    await up.wait_for(lambda server: len(server.requests) == 1)
    assert not task.done()
    assert await task == "connect_timeout"
