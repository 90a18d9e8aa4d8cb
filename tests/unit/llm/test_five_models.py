"""The five models of a new installation, each against a double of the server that has it."""

import pytest

from chat.llm.probe import probe
from tests.db.chat.test_first_rows import CATALOGUE
from tests.fake_llm import Upstream, answer
from tests.unit.llm.tools import TOKEN, hf, openai

CHAT = [repo for repo, kind, _ in CATALOGUE if kind == "chat"]
COMPLETION = [repo for repo, kind, _ in CATALOGUE if kind == "completion"]


@pytest.mark.parametrize("repo_id", CHAT)
async def test_a_chat_model_answers_through_the_router(up: Upstream, repo_id: str) -> None:
    up.script(answer("Hel", "lo."))
    result = await probe(hf(up), repo_id, "chat")
    assert (result.code, result.text, result.finish_reason) == ("", "Hello.", "stop")
    assert (result.prompt_tokens, result.answer_tokens, result.has_system_role) == (7, 5, True)
    (request,) = up.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.body["model"] == repo_id
    assert request.body["stream"] is True


@pytest.mark.parametrize("repo_id", CHAT)
async def test_a_chat_model_answers_from_a_server_of_ones_own(up: Upstream, repo_id: str) -> None:
    up.script(answer("Hello."))
    result = await probe(openai(up.base_url, "key"), repo_id, "chat")
    assert (result.code, result.text) == ("", "Hello.")
    assert up.requests[0].body["model"] == repo_id
    assert up.requests[0].headers["authorization"] == "Bearer key"


@pytest.mark.parametrize("repo_id", COMPLETION)
async def test_a_completion_model_answers_from_hugging_face(up: Upstream, repo_id: str) -> None:
    up.script(answer(" there", "."))
    result = await probe(hf(up), repo_id, "completion")
    assert (result.code, result.text, result.has_system_role) == ("", "there.", None)
    *look_ups, request = up.requests
    # The client remembers what it looked up; another test may have asked for the same model.
    assert {item.path.partition("?")[0] for item in look_ups} <= {f"/api/models/{repo_id}"}
    assert request.path == f"/hf-inference/models/{repo_id}"
    assert request.body["inputs"] == "Hello"


@pytest.mark.parametrize("repo_id", COMPLETION)
async def test_a_completion_model_answers_from_tgi(up: Upstream, repo_id: str) -> None:
    up.script(answer(" there."))
    result = await probe(openai(up.root), repo_id, "completion")
    assert (result.code, result.text) == ("", "there.")
    (request,) = up.requests
    assert (request.path, request.body["inputs"]) == ("/", "Hello")
