"""Marks and the texts they stand in."""

import asyncio
import json

import pytest

from benchmarks.marks import MARK, MODULUS, lag_ms, mark, now_ticks
from benchmarks.seen import SeenAnswer
from benchmarks.texts import TEXTS, Plan
from benchmarks.upstream import Answer, Connection, Server


@pytest.mark.parametrize("ticks", [0, 1, 35, 36, 123_456_789, MODULUS - 1])
def test_a_mark_tells_its_time(ticks: int) -> None:
    (digits,) = MARK.findall(b"before " + mark(ticks) + b"</p>")
    assert lag_ms(digits, ticks + 25) == 2.5


def test_a_lag_goes_over_the_end_of_a_round() -> None:
    assert lag_ms(mark(MODULUS - 5)[1:], 5) == 1.0
    assert lag_ms(mark(3)[1:], MODULUS - 2) == -0.5


def test_a_mark_cut_in_two_is_read_once() -> None:
    seen = SeenAnswer()
    word = mark(now_ticks() + 1)
    seen.read(b"text " + word[:3])
    seen.read(word[3:] + b" more " + word)
    assert len(seen.lags_ms) == 1


def test_marks_of_an_earlier_answer_are_not_of_this_one() -> None:
    seen = SeenAnswer()
    seen.read(mark(seen.started_at - 1000))
    assert seen.lags_ms == {}
    assert seen.first_ms == 0.0


def test_a_question_carries_its_plan_and_the_last_one_counts() -> None:
    first, last = Plan("code", 10, 20), Plan("table", 300, 65)
    body = json.dumps({"messages": [first.question(), last.question()]}).encode()
    assert Plan.parse(body, Plan()) == last
    assert Plan.parse(b"hello", first) == first


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False


def body_of(written: bytes) -> bytes:
    """The body of a chunked response, its chunk sizes obeyed."""
    rest, body = written.partition(b"\r\n\r\n")[2], b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size, 16)
        body, rest = body + rest[:length], rest[length + 2 :]
    return body


@pytest.mark.parametrize("kind", sorted(TEXTS))
async def test_the_model_server_writes_what_was_planned(kind: str) -> None:
    server, wire, plan = Server(Plan()), Wire(), Plan(kind, 120, 50)
    connection = Connection(server)
    connection.connection_made(wire)
    question = b'{"include_usage": true, "text": "' + plan.question().encode() + b'"}'
    head = b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(question)
    connection.data_received(head + question[:10])
    assert wire.written == b""
    connection.data_received(question[10:])
    while server.answers:
        server.tick(server.answers[0][0])
    *events, done = body_of(wire.written).decode().split("\n\n")[:-1]
    assert done == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    deltas = [one["choices"][0]["delta"].get("content") for one in chunks[:-1]]
    text = "".join(deltas[:-1])
    assert len(deltas) == plan.tokens + 1
    assert len(MARK.findall(text.encode())) == plan.marks() > 10
    assert chunks[-2]["choices"][0]["finish_reason"] == "stop"
    assert chunks[-1]["usage"]["completion_tokens"] == plan.tokens
    assert server.state()["tokens"] == plan.tokens


def test_a_late_model_server_makes_no_mark_twice() -> None:
    server, wire = Server(Plan("prose", 50, 100)), Wire()
    answer = Answer(wire, server.default, 100.0, with_usage=False)
    server.step(answer, mark(1))
    server.tick(answer.due + 10)
    assert server.tokens == 2
