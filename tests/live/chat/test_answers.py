"""Whole answers: from a post through the wire to the model server and back to the page."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID, uuid4

import pytest

from tests.fake_llm import (
    Cut,
    Done,
    End,
    Finish,
    Gate,
    Raw,
    Respond,
    Script,
    Stall,
    Upstream,
    UpstreamThread,
    answer,
    script,
)
from tests.fake_llm.faults import ECHO, after_text, status
from tests.support.frames import html_of
from tests.support.people import Person, Socket, last_status
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site

MISTRAL = "mistralai/Mistral-7B-Instruct-v0.3"


def until_done(visitor: Person, key: UUID, state: str = "complete") -> str:
    """The content of the frame that shows the end."""
    with visitor.socket(key) as socket:
        return html_of(socket.until_status(state))


def ask(visitor: Person, upstream: UpstreamThread, made: Script, state: str = "complete") -> UUID:
    upstream.script(made)
    key = visitor.start("Why is the sky blue?")
    until_done(visitor, key, state)
    return key


def answer_of(html: str) -> str:
    found: list[str] = re.findall(r'data-message-id="([^"]*)" data-role="assistant"', html)
    return found[-1]


def is_saved(rows: Rows, key: UUID, text: str) -> bool:
    return rows.saved(key) == text


def hung_up(up: Upstream) -> bool:
    return any(request.hung_up for request in up.chats)


# What is sent
def test_the_request_names_model_messages_and_parameters(
    visitor: Person, upstream: UpstreamThread
) -> None:
    key = ask(visitor, upstream, answer("Light scatters."))
    upstream.script(answer("The sun is low."))
    visitor.send(key, "And in the evening?")
    until_done(visitor, key)
    first, second = upstream.chats
    assert first.path == "/v1/chat/completions"
    system, *said = first.body["messages"]
    assert system["role"] == "system"
    assert system["content"].startswith("You are a friendly")
    assert said == [{"role": "user", "content": "Why is the sky blue?"}]
    del first.body["messages"]
    assert first.body == {
        "model": MISTRAL,
        "max_tokens": 2048,
        "temperature": 0.7,
        "top_p": 0.95,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert [turn["role"] for turn in second.body["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
    ]
    assert second.body["messages"][2]["content"] == "Light scatters."


def test_a_run_keeps_counts_and_times(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, answer("Light scatters."))
    run = rows.run(key)
    assert (run["prompt_tokens"], run["answer_tokens"], run["tokens_exact"]) == (7, 5, True)
    assert 0 <= run["first_token_ms"] <= run["last_token_ms"] < 10_000
    assert (run["repo_id"], run["provider"], run["finish_reason"]) == (MISTRAL, "openai", "stop")
    assert (run["error_code"], run["is_continuation"]) == ("", False)
    assert rows.saved(key) == ""


def test_the_last_frame_equals_the_page(visitor: Person, upstream: UpstreamThread) -> None:
    text = ("# Head\n\n- *one*\n- `two`\n\n", "| a | b |\n|-|-|\n| 1 | 2 |\n\n", "$x^2$ [l][1]\n\n")
    upstream.script(answer(*text, "[1]: https://example.org\n"))
    key = visitor.start("Everything, please.")
    content = until_done(visitor, key)
    article = re.findall(r"<article [^>]*data-role=\"assistant\".*?</article>", content, re.S)[-1]
    assert article in visitor.page(key)
    assert 'href="https://example.org"' in article


def test_a_plain_form_without_script_works(visitor: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Light."))
    made = visitor.post("/c/", htmx=False, client_id=str(uuid4()), text="Plain?")
    assert made.status_code == 302
    key = UUID(made.headers["Location"].split("/")[2])
    until_done(visitor, key)
    assert "Light." in visitor.page(key)


def test_posting_twice_makes_one_question_and_one_request(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    client_id = str(uuid4())
    upstream.script(answer("Once."))
    paths = [
        visitor.post("/c/", client_id=client_id, text="Once?").headers["HX-Push-Url"]
        for _ in range(3)
    ]
    assert len(set(paths)) == 1
    key = UUID(paths[0].split("/")[2])
    until_done(visitor, key)
    assert len(upstream.chats) == 1
    messages = rows.all("SELECT id FROM chat_message WHERE conversation_id = %s", key)
    assert len(messages) == 2


def test_a_question_of_32000_characters_is_taken(visitor: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Long."))
    text = ("wörd " * 6_400)[:31_999] + "."
    key = visitor.start(text)
    until_done(visitor, key)
    assert upstream.chats[0].question == text


# Stop
def test_stop_before_the_first_token(visitor: Person, upstream: UpstreamThread, rows: Rows) -> None:
    upstream.script(script(Stall()))
    key = visitor.start("Why?")
    upstream.wait_for(lambda up: bool(up.chats))
    with visitor.socket(key) as socket:
        assert visitor.post(f"/c/{key}/stop/").status_code == 200
        last = socket.until_status("stopped")
    assert "You stopped this answer." in html_of(last)
    upstream.wait_for(hung_up)
    assert rows.answer(key)["text"] == ""
    assert ">Continue<" not in visitor.page(key)


@contextmanager
def stalled_answer(visitor: Person, upstream: UpstreamThread) -> Iterator[tuple[UUID, Socket]]:
    """A conversation whose answer has come to "Light " and no further, and its page's socket."""
    upstream.script(answer("Light ", Stall()))
    key = visitor.start("Why?")
    with visitor.socket(key) as socket:
        socket.until_text("Light")
        yield key, socket


def test_stop_in_the_middle_keeps_what_was_shown(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(answer("Light ", "scat", Stall()))
    key = visitor.start("Why?")
    with visitor.socket(key) as socket:
        socket.until_text("scat")
        visitor.post(f"/c/{key}/stop/")
        socket.until_status("stopped")
    upstream.wait_for(hung_up)
    row = rows.answer(key)
    assert (row["text"], row["status"]) == ("Light scat", "stopped")
    assert ">Continue<" in visitor.page(key)


def test_stop_twice_and_after_the_end_changes_nothing(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    with stalled_answer(visitor, upstream) as (key, socket):
        assert visitor.post(f"/c/{key}/stop/").status_code == 200
        assert visitor.post(f"/c/{key}/stop/").status_code == 200
        socket.until_status("stopped")
    before = rows.answer(key)
    assert visitor.post(f"/c/{key}/stop/").status_code == 200
    assert rows.answer(key) == before
    upstream.script(answer("Dark."))
    visitor.send(key, "And at night?")
    assert "Dark." in until_done(visitor, key)


def test_a_stop_that_another_process_heard_is_obeyed(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    with stalled_answer(visitor, upstream) as (key, socket):
        rows.do("UPDATE chat_run SET stop_requested = true WHERE id = %s", rows.run(key)["id"])
        socket.until_status("stopped")
    upstream.wait_for(hung_up)


def test_deleting_hangs_up_and_undo_finds_the_answer_stopped(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    with stalled_answer(visitor, upstream) as (key, socket):
        visitor.post(f"/c/{key}/delete/")
        socket.until(lambda frame: frame["event"] == "gone")
        upstream.wait_for(hung_up)
        visitor.post(f"/c/{key}/restore/")
        assert "Light" in html_of(socket.until_status("stopped"))
    assert rows.answer(key)["text"] == "Light "


# Failure
FAULTS: dict[str, tuple[Script, str, str, str]] = {
    "401": (status(401), "unauthorized", "rejected this site", ""),
    "404": (status(404), "model_not_found", "offer this model", ""),
    "422": (status(422), "unprocessable", "process the request", ""),
    "html": (
        script(Respond(200, f"<p>{ECHO}".encode(), "text/html")),
        "not_a_stream",
        "something other than an answer",
        "",
    ),
    "cut": (after_text(Cut()), "cut", "was lost", "Hello"),
    "empty": (script("", Finish(), Done()), "empty", "sent an empty answer", ""),
    "error frame": (
        after_text(Raw(b'data: {"error": "SECRET-ECHO"}\n\n')),
        "stream_error",
        "an error in the middle of its answer",
        "Hello",
    ),
    "broken json": (
        after_text(Raw(b"data: {SECRET-ECHO\n\n")),
        "broken_stream",
        "an unreadable response",
        "Hello",
    ),
    "context": (
        status(400, b'{"error": {"message": "maximum context length is 4096 tokens"}}'),
        "context_too_long",
        "too long for this model",
        "",
    ),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_fault_has_a_state_a_sentence_and_keeps_the_text(
    site: Site,
    visitor: Person,
    upstream: UpstreamThread,
    rows: Rows,
    fault: tuple[Script, str, str, str],
) -> None:
    made, code, sentence, text = fault
    before = len(site.log())
    key = ask(visitor, upstream, made, "failed")
    row, page = rows.answer(key), visitor.page(key)
    assert (row["status"], row["error_code"], row["text"]) == ("failed", code, text)
    assert rows.run(key)["error_code"] == code
    assert sentence in page
    assert 'aria-label="Retry"' in page
    lines = site.log()[before:].splitlines()
    for secret in (ECHO, upstream.address, "Why is the sky"):
        # A wrong address is the usual cause of a 404, so the log names it.
        assert [line for line in lines if secret in line and "status=404" not in line] == []
    assert ECHO not in page
    assert upstream.address not in page
    upstream.script(answer("Light."))
    visitor.post(f"/m/{answer_of(page)}/regenerate/")
    assert "Light." in until_done(visitor, key)


def test_the_log_names_the_address_where_nothing_was_found(
    site: Site, visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    before = len(site.log())
    key = ask(visitor, upstream, status(404), "failed")
    asked = f"{upstream.base_url}/chat/completions"
    assert f"code=model_not_found upstream_status=404 asked={asked}" in site.log()[before:]
    assert rows.run(key)["evidence"]["asked"] == asked
    answer_id = answer_of(visitor.page(key))
    assert upstream.address not in visitor.get(f"/m/{answer_id}/about/").text


@pytest.mark.parametrize("end", [End(), Cut(reset=False)], ids=["ended", "closed"])
def test_a_closed_connection_without_a_reason_is_interrupted_and_goes_on(
    visitor: Person, upstream: UpstreamThread, rows: Rows, end: End | Cut
) -> None:
    key = ask(visitor, upstream, after_text(end), "interrupted")
    row, page = rows.answer(key), visitor.page(key)
    assert (row["status"], row["finish_reason"], row["error_code"]) == (
        "interrupted",
        "no_finish",
        "",
    )
    assert "ended before it was complete" in page
    assert 'aria-label="Retry"' in page
    assert ">Continue<" in page
    upstream.script(answer(" world."))
    visitor.post(f"/m/{answer_of(page)}/continue/")
    until_done(visitor, key)
    assert rows.answer(key)["text"] == "Hello world."


def test_done_without_a_reason_is_complete(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, after_text(Done()))
    row = rows.answer(key)
    assert (row["status"], row["finish_reason"], row["text"]) == ("complete", "done", "Hello")
    assert ">Continue<" not in visitor.page(key)


def test_a_model_that_this_server_cannot_run_is_never_asked(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, answer("Light."))
    rows.do(
        "UPDATE chat_conversation SET model_id = chat_chatmodel.id FROM chat_chatmodel"
        " WHERE repo_id = 'openai-community/gpt2' AND chat_conversation.id = %s",
        key,
    )
    visitor.send(key, "And at night?")
    until_done(visitor, key, "failed")
    assert rows.answer(key)["error_code"] == "completion_unsupported"
    assert "This model only completes text" in visitor.page(key)
    assert len(upstream.chats) == 1


def test_what_comes_before_a_retry_is_said(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(status(503), answer("At last."))
    key = visitor.start("Why?")
    with visitor.socket(key) as socket:
        socket.until_text("Trying again in")
        assert "At last." in html_of(socket.until_status("complete"))
    assert len(upstream.chats) == 2
    assert rows.run(key)["error_code"] == ""


# Going on
def test_an_answer_that_was_cut_by_length_goes_on_in_place(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    key = ask(visitor, upstream, answer("Light ", reason="length"))
    page = visitor.page(key)
    assert "was cut off here." in page
    assert ">Continue<" in page
    mark = str(uuid4())
    upstream.script(answer(Gate(mark), "scatters."))
    with visitor.socket(key, f"?at={visitor.version(key)}") as socket:
        assert visitor.post(f"/m/{answer_of(page)}/continue/").status_code == 200
        upstream.wait_gate(mark)
        assert "Light" in visitor.page(key)
        assert last_status(visitor.page(key)) in ("pending", "streaming")
        upstream.release(mark)
        last = html_of(socket.until_status("complete"))
    assert "Light scatters." in last
    row = rows.answer(key)
    assert (str(row["id"]), row["text"], row["seq"]) == (answer_of(page), "Light scatters.", 2)
    asked = upstream.chats[-1].body["messages"]
    assert asked[-2] == {"role": "assistant", "content": "Light "}
    assert asked[-1]["content"].startswith("Continue your last answer")
    assert rows.run(key)["is_continuation"]
    visitor.send(key, "Thanks.")
    until_done(visitor, key)
    assert "Continue your last" not in str(upstream.chats[-1].body)


def test_text_is_saved_while_it_comes(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    mark = str(uuid4())
    upstream.script(answer("Light ", Gate(mark), "scatters.", Gate(mark)))
    key = visitor.start("Why?")
    for saved in ("Light ", "Light scatters."):
        eventually(partial(is_saved, rows, key, saved))
        assert rows.answer(key)["status"] == "streaming"
        upstream.release(mark)
    until_done(visitor, key)
    assert rows.answer(key)["text"] == "Light scatters."
    assert rows.saved(key) == ""
