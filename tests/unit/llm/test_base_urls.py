"""Base addresses of any path, what is asked below them, and how they are shown."""

import pytest

from chat.llm.providers.base_urls import chat_address, may_be_tgi, redact_address
from chat.provider_error import Evidence
from tests.fake_llm import Respond, Upstream, answer, script
from tests.fake_llm.faults import status
from tests.unit.llm.tools import ask, openai

BASES = {
    "": "/v1/chat/completions",
    "/": "/v1/chat/completions",
    "/v1": "/v1/chat/completions",
    "/v1/": "/v1/chat/completions",
    "/v1/chat/completions": "/v1/chat/completions",
    "/v1/chat/completions/": "/v1/chat/completions",
    "/api/v3": "/api/v3/chat/completions",
    "/api/paas/v4/": "/api/paas/v4/chat/completions",
    "/v1beta/openai/": "/v1beta/openai/chat/completions",
    "/compatible-mode/v1": "/compatible-mode/v1/chat/completions",
    "/inference": "/inference/chat/completions",
    "/openai/deployments/x": "/openai/deployments/x/chat/completions",
}


@pytest.mark.parametrize("path", BASES)
@pytest.mark.parametrize("query", ["", "?api-version=2024-10-21", "?a=1&b=%2F"])
async def test_what_is_asked_below_a_base(up: Upstream, path: str, query: str) -> None:
    up.script(answer("Hello"))
    outcome = await ask(openai(up.root + path + query))
    assert (outcome.code, outcome.text) == ("", "Hello")
    (request,) = up.requests
    assert request.path == BASES[path]
    assert request.query == query.removeprefix("?")


@pytest.mark.parametrize("code", [400, 401, 404, 405, 500])
async def test_the_address_that_was_asked_is_known(up: Upstream, code: int) -> None:
    up.script(status(code))
    outcome = await ask(openai(f"{up.root}/api/v3?key=SECRET-TOKEN"))
    assert outcome.error is not None
    evidence = outcome.error.evidence
    assert evidence.asked == f"{up.root}/api/v3/chat/completions?key=…"
    assert evidence.status == code
    assert "asked" not in repr(evidence)


async def test_a_page_with_404_is_told(up: Upstream) -> None:
    up.script(script(Respond(404, b"<p>", "text/html; charset=utf-8")))
    outcome = await ask(openai(up.base_url))
    assert outcome.error is not None
    assert outcome.error.evidence.content_type == "text/html"


def test_no_secret_is_left_in_an_address() -> None:
    shown = redact_address("https://me:SECRET@[::1]:8000/v1/x?key=SECRET&empty=&sig=SECRET#SECRET")
    assert shown == "https://[::1]:8000/v1/x?key=…&empty=…&sig=…"
    assert redact_address("https://example.org/v1") == "https://example.org/v1"


def test_a_fragment_is_dropped() -> None:
    assert chat_address("http://x/v1#y") == "http://x/v1/chat/completions"


@pytest.mark.parametrize("path", BASES)
def test_only_an_address_without_a_version_may_be_tgi(path: str) -> None:
    is_root = path in ("", "/", "/inference", "/openai/deployments/x")
    assert may_be_tgi(f"http://host:8080{path}") is is_root


def test_evidence_survives_json() -> None:
    evidence = Evidence(status=404, asked="http://x/v1", seconds=1.5, kept_alive=True)
    assert Evidence.from_json(evidence.to_json()) == evidence
    assert Evidence.from_json(evidence.to_json() | {"of another version": 1}) == evidence
    assert Evidence().to_json() == {}
