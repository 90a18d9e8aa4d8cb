"""Connections to the model server: kept after an answer, and given up for a new one in silence."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from itertools import count

import pytest
import pytest_asyncio

from chat.llm.providers import Endpoint, Limits, Retry, TextDelta, close_idle_connections, stream
from chat.llm.providers.connections import closing_tasks
from tests.fake_llm.dialects import event
from tests.unit.llm.tools import FAST, ONCE, PATIENT, Outcome, ask, chat_request, openai

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def says(text: str, reason: str | None = None) -> bytes:
    return chunk(
        event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]})
    )


DONE = chunk(b"data: [DONE]\n\n")
END = b"0\r\n\r\n"


class Patient:
    """A server that keeps its connections. `late` seconds pass before the end of a body;
    `answers` is how many requests of a connection it answers before it hangs up on one, `thinks`
    seconds later; with `held` an answer stays at its first word; `surplus` is said after an end,
    once it `is_kept`."""

    def __init__(self) -> None:
        self.late = 0.0
        self.answers = 99
        self.held = False
        self.surplus = b""
        self.is_kept, self.said = asyncio.Event(), asyncio.Event()
        self.thinks = 0.0
        self.requests: list[int] = []
        self.open: set[int] = set()
        self.made = 0
        self.port = 0
        self.changed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.made = self.made, self.made + 1
        self.open.add(number)
        try:
            for place in count():
                head = await reader.readuntil(b"\r\n\r\n")
                length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
                await reader.readexactly(int(length))
                self.requests.append(number)
                if place == self.answers:
                    await asyncio.sleep(self.thinks)
                    break
                writer.write(HEAD + says("Yes"))
                if self.held:
                    await reader.read()
                    break
                writer.write(says(".", "stop") + DONE)
                await asyncio.sleep(self.late)
                writer.write(END)
                if self.surplus:
                    await self.is_kept.wait()
                    writer.write(self.surplus)
                    self.said.set()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            self.open.discard(number)
            self.changed.set()

    @property
    def endpoint(self) -> Endpoint:
        return replace(openai(f"http://127.0.0.1:{self.port}/v1"), keep_alive=True)

    async def ask(self, retry: Retry = ONCE) -> Outcome:
        """Ask, and wait until the connection is kept, if it will be."""
        outcome = await ask(self.endpoint, retry=retry)
        await asyncio.gather(*closing_tasks)
        return outcome

    async def closes(self, number: int) -> None:
        async with asyncio.timeout(5):
            while number in self.open:
                self.changed.clear()
                await self.changed.wait()


@pytest_asyncio.fixture
async def patient() -> AsyncIterator[Patient]:
    found = Patient()
    async with await asyncio.start_server(found.serve, "127.0.0.1", 0) as server:
        found.port = server.sockets[0].getsockname()[1]
        yield found
        await close_idle_connections()  # before the server waits for its connections


@pytest.mark.parametrize("late", [0.0, 0.05])
async def test_the_next_answer_comes_over_the_same_connection(
    patient: Patient, late: float
) -> None:
    patient.late = late
    for _ in range(3):
        outcome = await patient.ask()
        assert (outcome.text, outcome.reason) == ("Yes.", "stop")
    assert patient.requests == [0, 0, 0]


async def test_a_connection_that_the_server_ends_meanwhile_is_given_up_in_silence(
    patient: Patient,
) -> None:
    patient.answers = 1
    for _ in range(3):
        outcome = await patient.ask()
        assert (outcome.text, outcome.waits) == ("Yes.", [])
    # The second question met the end of the connection, and had one of its own, which is not kept.
    assert patient.requests == [0, 0, 1, 2]


async def test_a_new_connection_that_ends_is_a_failure_with_waits(patient: Patient) -> None:
    patient.answers = 0
    outcome = await patient.ask(FAST)
    assert outcome.code == "cut"
    assert len(outcome.waits) == len(patient.requests) - 1 == 2


async def test_to_stop_is_to_hang_up(patient: Patient) -> None:
    patient.held = True
    async with aclosing(stream(patient.endpoint, chat_request(), PATIENT, Limits())) as items:
        async for item in items:
            assert item == TextDelta("Yes")
            break
    await patient.closes(0)
    patient.held = False
    assert (await patient.ask()).text == "Yes."
    assert patient.requests == [0, 1]


async def test_people_at_the_same_time_have_connections_of_their_own(patient: Patient) -> None:
    await asyncio.gather(*(patient.ask() for _ in range(5)))
    assert sorted(set(patient.requests)) == [0, 1, 2, 3, 4]
    await asyncio.gather(*(patient.ask() for _ in range(5)))
    assert patient.made == 5


async def test_what_a_server_says_unasked_is_nobodys_answer(patient: Patient) -> None:
    """As when a faulty proxy answers twice: the next person gets their own answer."""
    patient.surplus = HEAD + says("Of somebody else.", "stop") + DONE + END
    assert (await patient.ask()).text == "Yes."
    patient.is_kept.set()
    await patient.said.wait()
    patient.surplus = b""
    assert (await patient.ask()).text == "Yes."
    assert patient.requests == [0, 1]


async def test_a_server_without_tls_is_asked_anew_each_time(patient: Patient) -> None:
    for _ in range(2):
        await ask(replace(patient.endpoint, keep_alive=False))
    assert patient.requests == [0, 1]


async def test_a_kept_connection_that_ends_late_is_a_failure(patient: Patient) -> None:
    """The server had the request, and may have died of it: that is counted as a try."""
    await patient.ask()
    patient.answers, patient.thinks = 1, 1.1
    outcome = await patient.ask()
    assert outcome.code == "cut"
    assert patient.requests == [0, 0]


async def test_to_leave_closes_what_is_kept(patient: Patient) -> None:
    await patient.ask()
    await close_idle_connections()
    await patient.closes(0)
