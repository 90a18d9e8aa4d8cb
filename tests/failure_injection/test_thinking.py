"""Thoughts in another process than the one that writes the answer, with a layer and without."""

import pytest

from tests.failure_injection.conftest import Pair
from tests.fake_llm import Frame, Gate, UpstreamThread, answer
from tests.support.frames import html_of, patches_of
from tests.support.people import Person


def thought(text: str) -> Frame:
    choice = {"index": 0, "delta": {"reasoning": text}, "finish_reason": None}
    return Frame({"choices": [choice]})


@pytest.fixture(params=["with Valkey", "by the database"])
def layer(request: pytest.FixtureRequest, pair: Pair) -> None:
    if request.param == "by the database":
        pair.valkey.kill()


def test_thoughts_stream(
    layer: None, here: Person, there: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer(thought("one "), Gate("a"), thought("two"), Gate("b"), "Text"))
    key = here.start("Think")
    with there.socket(key) as socket:
        socket.until_text("one ")
        upstream.release("a")
        socket.until_text("two")
        upstream.release("b")
        end = html_of(socket.until_status("complete"))
    assert '<p dir="auto">Text</p>' in end
    assert "/thoughts/" in end


def test_text_turns_into_thoughts(
    layer: None, here: Person, there: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("the plan\n", Gate("a"), "</think>\n", "Text", Gate("b")))
    key = here.start("Think")
    shown = {"thoughts": "", "body": ""}

    def apply(frame: dict[str, object]) -> bool:
        for operation, target, html in patches_of(frame):
            name = str(target).partition("-")[0]
            if name in shown:
                shown[name] = shown[name] + html if operation == "beforeend" else html
        return shown == {"thoughts": "the plan\n", "body": '<p dir="auto">Text</p>'}

    with there.socket(key) as socket:
        socket.until_text("the plan")
        upstream.release("a")
        socket.until(apply)
        upstream.release("b")
        socket.until_status("complete")
