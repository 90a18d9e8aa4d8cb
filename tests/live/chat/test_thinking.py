"""Thoughts from the model server to the page: live, stopped, killed, and in another process."""

from uuid import UUID

import pytest

from tests.fake_llm import Delta, Done, Finish, Frame, Gate, Script, UpstreamThread, answer, script
from tests.support.frames import html_of
from tests.support.people import Person
from tests.support.polling import eventually
from tests.support.rows import Rows


def thought(text: str) -> Frame:
    choice = {"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}
    return Frame({"choices": [choice]})


def thoughts_of(rows: Rows, key: UUID) -> str:
    answer_id = rows.answer(key)["id"]
    row = rows.one("SELECT text FROM chat_thinking WHERE message_id = %s", answer_id)
    return str(row["text"])


def until_end(visitor: Person, key: UUID, status: str = "complete") -> str:
    with visitor.socket(key) as socket:
        return html_of(socket.until_status(status))


def test_thoughts_come_before_the_text_and_stay(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(answer(thought("plan: "), Gate("a"), thought("6*7"), Gate("b"), "42"))
    key = visitor.start("What is 6*7?")
    with visitor.socket(key) as socket:
        socket.until_text("plan: ")
        upstream.release("a")
        socket.until_text("6*7")
        assert "Thinking…" in visitor.page(key)
        upstream.release("b")
        end = html_of(socket.until_status("complete"))
    assert '<p dir="auto">42</p>' in end
    assert thoughts_of(rows, key) == "plan: 6*7"
    assert rows.answer(key)["text"] == "42"
    upstream.script(answer("84"))
    visitor.send(key, "Twice that?")
    until_end(visitor, key)
    assert "plan" not in str(upstream.chats[-1].body)


def test_a_lone_closing_tag_turns_the_text_into_thoughts(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(answer("plan: 6*7\n", Gate("a"), "</think>", Gate("b"), "\n\nAnswer 42"))
    key = visitor.start("What is 6*7?")
    with visitor.socket(key) as socket:
        socket.until_text("plan: 6*7")
        eventually(lambda: "plan: 6*7" in rows.saved(key))
        upstream.release("a")
        upstream.release("b")
        end = html_of(socket.until_status("complete"))
    assert "Answer 42" in end
    assert thoughts_of(rows, key) == "plan: 6*7\n"
    assert rows.answer(key)["text"] == "Answer 42"


def test_stop_keeps_the_thoughts(visitor: Person, upstream: UpstreamThread, rows: Rows) -> None:
    upstream.script(script(thought("half a thought"), Gate("never")))
    key = visitor.start("Think")
    with visitor.socket(key) as socket:
        socket.until_text("half a thought")
        visitor.post(f"/c/{key}/stop/")
        socket.until_status("stopped")
    assert thoughts_of(rows, key) == "half a thought"
    assert rows.answer(key)["text"] == ""


ALONE = {
    "length": ("The model used its whole limit for thinking.", "thinking_limit"),
    "stop": ("The model stopped after thinking and sent no answer.", "only_thoughts"),
}


@pytest.mark.parametrize("reason", ALONE)
def test_thoughts_alone_say_what_to_do(
    visitor: Person, upstream: UpstreamThread, rows: Rows, reason: str
) -> None:
    sentence, code = ALONE[reason]
    upstream.script(script(*[thought("hm ")] * 20, Finish(reason), Done()))
    key = visitor.start("Think")
    end = until_end(visitor, key, "failed")
    assert sentence in end
    assert "Retry" in end
    assert rows.run(key)["error_code"] == code
    assert thoughts_of(rows, key) == "hm " * 20


def test_a_hundred_thousand_thoughts_cost_no_more_than_text(
    visitor: Person, upstream: UpstreamThread, rows: Rows
) -> None:
    upstream.script(Script((*[thought("hm ")] * 100_000, Delta("Yes"), Finish(), Done())))
    key = visitor.start("Think hard")
    until_end(visitor, key)
    assert len(thoughts_of(rows, key)) == 300_000
