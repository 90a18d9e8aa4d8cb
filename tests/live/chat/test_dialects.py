"""Unusual model servers, from the post to the page: shown right, and asked right the next time."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.fake_llm import Delay, Done, Frame, Raw, Repeat, UpstreamThread, answer, script
from tests.fake_llm.faults import ECHO, choices, status
from tests.fake_llm.refusals import PARAMETERS, SYSTEM, openai
from tests.fake_llm.shapes import REFUSALS, SHAPES, TEXT, body_script
from tests.live.chat.test_answers import ask, until_done
from tests.support.people import Person, signed_up
from tests.support.rows import Rows
from tests.support.site import Site

SHOWN = ("CR", "several data lines", "a message in place of an empty delta", "JSON", "named events")


@pytest.fixture(autouse=True)
def nothing_learnt(rows: Rows) -> Iterator[None]:
    rows.do("DELETE FROM chat_modeldialect")
    yield
    rows.do("DELETE FROM chat_modeldialect")


def learned(rows: Rows) -> dict[str, object]:
    return rows.one(
        "SELECT omitted, token_parameter, merges_system, context_window FROM chat_modeldialect"
    )


@pytest.mark.parametrize("name", SHOWN)
def test_an_unusual_stream_is_shown(
    visitor: Person, upstream: UpstreamThread, rows: Rows, name: str
) -> None:
    key = ask(visitor, upstream, body_script(SHAPES[name], "application/json"))
    assert rows.answer(key)["text"] == TEXT
    assert TEXT in visitor.page(key)


def words(*reasons: str | None) -> list[Frame]:
    """One chunk for each reason: "Hello big world", from as many chunks as there are reasons."""
    return [
        choices(delta={"content": word}, finish_reason=reason)
        for word, reason in zip(("Hello ", "big ", "world"), reasons, strict=True)
    ]


@pytest.mark.parametrize(
    "reasons",
    [("stop",) * 3, ("null", "null", "stop"), ("", "", "stop"), (None, None, None)],
    ids=["each", "null", "empty", "none"],
)
def test_an_answer_ends_where_nothing_follows(
    visitor: Person, upstream: UpstreamThread, rows: Rows, reasons: tuple[str | None, ...]
) -> None:
    first, second, third = words(*reasons)
    pause = Delay(0.6)
    key = ask(visitor, upstream, script(first, pause, second, pause, third, Done()))
    row = rows.answer(key)
    assert (row["status"], row["text"]) == ("complete", "Hello big world")
    assert row["finish_reason"] == (reasons[-1] or "done")


def test_a_base_address_of_any_path(
    site_database: dict[str, str], upstream: UpstreamThread
) -> None:
    address = f"{upstream.root}/openai/deployments/x?api-version=SECRET"
    with Site(site_database | {"INFERENCE_BASE_URL": address}) as site:
        person = signed_up(site.url, f"{uuid4().hex}@bases.example.org")
        upstream.script(answer("One."))
        key = person.start("Why?")
        until_done(person, key)
        upstream.script(status(404))
        person.send(key, "And now?")
        until_done(person, key, "failed")
        person.http.close()
        log = site.log()
    assert [(request.path, request.query) for request in upstream.chats] == [
        ("/openai/deployments/x/chat/completions", "api-version=SECRET")
    ] * 2
    assert f"asked={upstream.root}/openai/deployments/x/chat/completions?api-version=…" in log
    assert "SECRET" not in log


def test_a_refusal_is_shown_as_one(visitor: Person, upstream: UpstreamThread, rows: Rows) -> None:
    key = ask(visitor, upstream, body_script(REFUSALS["refusal in deltas"]))
    page = visitor.page(key)
    assert (rows.answer(key)["text"], rows.answer(key)["finish_reason"]) == (TEXT, "refusal")
    assert "The model refused to answer." in page
    assert ">Continue<" not in page


def test_what_came_in_place_of_a_stream_is_kept_for_staff(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, body_script(f"<p>{ECHO}".encode(), "text/html"), "failed")
    assert rows.run(key)["evidence"] == {
        "status": 200,
        "asked": f"{upstream.base_url}/chat/completions",
        "content_type": "text/html",
    }
    assert "something other than an answer" in visitor.page(key)


def test_a_refused_parameter_is_asked_wrong_once(
    site: Site, visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    before = len(site.log())
    refusal, _ = PARAMETERS["OpenAI, max_tokens"]
    upstream.script(refusal)
    key = ask(visitor, upstream, answer("One."))
    assert learned(rows) == {
        "omitted": [],
        "token_parameter": "max_completion_tokens",
        "merges_system": False,
        "context_window": None,
    }
    upstream.script(answer("Two."))
    visitor.send(key, "And at night?")
    until_done(visitor, key)
    ask(visitor, upstream, answer("Three."))
    asked = [sorted(name for name in r.body if "max_" in name) for r in upstream.chats]
    assert asked == [["max_tokens"], *[["max_completion_tokens"]] * 3]
    assert "learnt how to ask model" in site.log()[before:]
    assert ECHO not in site.log()[before:]


def test_a_refused_system_role_is_asked_wrong_once(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(SYSTEM["Gemma, llama.cpp"])
    key = ask(visitor, upstream, answer("One."))
    assert learned(rows)["merges_system"] is True
    upstream.script(answer("Two."))
    visitor.send(key, "And at night?")
    until_done(visitor, key)
    for request in upstream.chats[1:]:
        first = request.body["messages"][0]
        assert first["role"] == "user"
        assert first["content"].startswith("You are a friendly")
        assert first["content"].endswith("\n\nWhy is the sky blue?")
    assert len(upstream.chats) == 3


def test_a_conversation_that_is_too_long_is_asked_without_its_oldest_turns(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key: UUID = ask(visitor, upstream, answer("word " * 300))
    upstream.script(
        openai(400, "This model's maximum context length is 2048 tokens. However, no."),
        answer("Short."),
    )
    visitor.send(key, "And at night?")
    until_done(visitor, key)
    assert rows.answer(key)["text"] == "Short."
    _, refused, accepted = upstream.chats
    assert len(refused.body["messages"]) == 4
    assert accepted.body["messages"][-1]["content"] == "And at night?"
    assert accepted.body["max_tokens"] == 1024
    assert learned(rows)["context_window"] == 2048
    assert rows.run(key)["error_code"] == ""


def test_it_is_shortened_only_once(visitor: Person, upstream: UpstreamThread, rows: Rows) -> None:
    key = ask(visitor, upstream, answer("word " * 300))
    upstream.script(*[openai(400, "exceeds the available context size")] * 9)
    visitor.send(key, "And at night?")
    until_done(visitor, key, "failed")
    assert rows.answer(key)["error_code"] == "context_too_long"
    assert len(upstream.chats) == 3
    upstream.reset()


def test_a_model_with_its_own_time_to_the_first_token(
    site: Site, visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    before = len(site.log())
    rows.do("UPDATE chat_chatmodel SET first_token_seconds = 1")
    try:
        comments = script(Repeat((Raw(b": keep-alive\n\n"), Delay(0.05))))
        key = ask(visitor, upstream, comments, "failed")
    finally:
        rows.do("UPDATE chat_chatmodel SET first_token_seconds = NULL")
    assert rows.answer(key)["error_code"] == "first_token_timeout"
    assert rows.run(key)["evidence"] == {"seconds": 1.0, "kept_alive": True}
    assert "DEADLINE_FIRST_TOKEN=1 kept_alive=yes" in site.log()[before:]


def test_an_empty_field_of_the_catalogue_is_not_sent(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    before = rows.all("SELECT id, temperature, top_p FROM chat_chatmodel")
    rows.do("UPDATE chat_chatmodel SET temperature = NULL, top_p = NULL")
    try:
        ask(visitor, upstream, answer("One."))
    finally:
        for row in before:
            statement = "UPDATE chat_chatmodel SET temperature = %s, top_p = %s WHERE id = %s"
            rows.do(statement, row["temperature"], row["top_p"], row["id"])
    assert not {"temperature", "top_p"} & set(upstream.chats[0].body)
