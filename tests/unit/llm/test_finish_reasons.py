"""Deadlines, caps, retries and cancellation."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

from chat.llm.providers import (
    Deadlines,
    Endpoint,
    Limits,
    Retry,
    TextDelta,
    Waiting,
    stream,
    unsupported_reason,
)
from chat.llm.providers import Finish as FinishedAnswer
from chat.llm.providers.error_codes import parse_retry_after
from chat.provider_error import ProviderError
from tests.fake_llm import (
    Cut,
    Delay,
    Delta,
    Done,
    End,
    Finish,
    Frame,
    Gate,
    Open,
    Raw,
    Repeat,
    Respond,
    Script,
    Stall,
    Upstream,
    Usage,
    answer,
    closed_port,
    faults,
    script,
)
from tests.unit.llm.tools import (
    FAST,
    FIRST,
    MID,
    ONCE,
    PATIENT,
    Outcome,
    ask,
    chat_request,
    completion_request,
    hf,
    openai,
)

BUSY = script(Respond(503, b"{}"))
PHASES = {
    "before headers": script(Gate(), Stall()),
    "after headers": script(Open(), Gate(), Stall()),
    "before the first token": script("", Gate(), Stall()),
    "in mid stream": script("Hello", Gate(), Stall()),
    "in mid frame": script("Hello", Raw(b"data: {"), Gate(), Stall()),
    "after the reason": script("Hello", Finish(), Gate(), Stall()),
}


class TestDeadlines:
    async def test_connect(self) -> None:
        async with Upstream(tls="stall") as up:
            started = monotonic()
            deadlines = Deadlines(connect=0.2, first_token=5, idle=5, total=5)
            outcome = await ask(openai(f"https://{up.address}/v1"), deadlines=deadlines)
            assert outcome.code == "connect_timeout"
            assert 0.19 < monotonic() - started < 4

    async def test_a_slow_answer_is_not_a_slow_connection(self, up: Upstream) -> None:
        up.script(script(Gate(), "late", Finish(), Done()))
        deadlines = Deadlines(connect=0.5, first_token=20, idle=20, total=20)
        task = asyncio.create_task(ask(hf(up), deadlines=deadlines))
        await up.wait_gate()
        await asyncio.wait({task}, timeout=0.6)
        up.release()
        assert (await task).text == "late"

    async def test_total_ends_a_dripping_answer(self, up: Upstream) -> None:
        up.script(faults.NETWORK["drip of text"])
        deadlines = Deadlines(connect=5, first_token=5, idle=5, total=1.0)
        outcome = await ask(hf(up), deadlines=deadlines)
        assert outcome.code == "total_timeout"
        assert set(outcome.text) == {"x"}
        await up.wait_for(lambda server: server.requests[0].hung_up)

    async def test_total_ends_an_answer_whose_text_is_always_there(self, up: Upstream) -> None:
        """A page takes text less often than it comes, so that there is nothing to wait for."""
        up.script(faults.NETWORK["drip of text"])
        deadlines = Deadlines(connect=5, first_token=5, idle=5, total=1.0)

        async def read_seldom() -> None:
            async with aclosing(stream(hf(up), chat_request(), deadlines, Limits(), ONCE)) as items:
                async for _ in items:
                    await asyncio.sleep(0.1)

        with pytest.raises(ProviderError) as problem:
            await asyncio.wait_for(read_seldom(), 10)
        assert problem.value.code == "total_timeout"

    async def test_total_covers_the_first_token_too(self, up: Upstream) -> None:
        up.script(script(Stall()))
        deadlines = Deadlines(connect=5, first_token=5, idle=5, total=0.2)
        assert (await ask(hf(up), deadlines=deadlines)).code == "total_timeout"

    async def test_a_slow_reader_is_not_a_silent_server(self, up: Upstream) -> None:
        up.script(script("one", Gate(), "two", Finish(), Done()))
        async with aclosing(stream(hf(up), chat_request(), MID, Limits(), ONCE)) as items:
            await anext(items)
            await up.wait_gate()
            await asyncio.sleep(MID.idle + 0.1)
            up.release()
            assert await anext(items) == TextDelta("two")

    @pytest.mark.parametrize("comments", [True, False])
    async def test_comments_do_not_move_the_first_deadline_but_are_told(
        self, up: Upstream, *, comments: bool
    ) -> None:
        up.script(faults.NETWORK["comments only, before text"] if comments else script(Stall()))
        outcome = await ask(hf(up), deadlines=FIRST)
        assert outcome.code == "first_token_timeout"
        assert outcome.error is not None
        assert outcome.error.evidence.seconds == FIRST.first_token
        assert outcome.error.evidence.kept_alive is comments
        detail = "code=first_token_timeout upstream_status=none DEADLINE_FIRST_TOKEN=0.8"
        assert outcome.error.detail == detail + (" kept_alive=yes" if comments else "")

    async def test_thoughts_are_tokens(self, up: Upstream) -> None:
        thought = faults.choices(delta={"reasoning_content": "hm"})
        up.script(script(thought, Stall()))
        assert (await ask(hf(up), deadlines=MID)).code == "idle_timeout"


class TestFinishReasons:
    """A reason ends an answer only where nothing comes after it."""

    async def test_text_may_come_after_each_reason(self, up: Upstream) -> None:
        chunks = [
            faults.choices(delta={"content": word}, finish_reason="stop")
            for word in ("Hello ", "big ", "world")
        ]
        up.script(script(chunks[0], Gate(), chunks[1], Gate(), chunks[2], Gate(), Done()))
        pieces: list[object] = []
        async with aclosing(stream(hf(up), chat_request(), PATIENT, Limits(), ONCE)) as items:
            async for item in items:
                pieces.append(item)
                up.release()
        assert pieces == [
            TextDelta("Hello "),
            TextDelta("big "),
            TextDelta("world"),
            FinishedAnswer("stop"),
        ]

    async def test_a_silent_server_is_not_waited_for_as_long_as_for_a_token(
        self, up: Upstream
    ) -> None:
        up.script(script("Hello", Finish(), Usage(), Stall()))
        started = monotonic()
        outcome = await ask(hf(up), deadlines=PATIENT)
        assert (outcome.code, outcome.reason, outcome.text) == ("", "stop", "Hello")
        assert outcome.finish is not None
        assert outcome.finish.answer_tokens == 5
        assert monotonic() - started < PATIENT.idle / 2

    async def test_a_server_whose_reasons_are_none_has_the_time_of_a_token(
        self, up: Upstream
    ) -> None:
        """Its first reason was followed by text, so its second one is no reason to hurry."""
        up.script(script("Hel", Finish(), "lo", Finish(), Gate(), " world", Finish(), Done()))
        await self.check_waits_for_the_rest(up)

    async def check_waits_for_the_rest(self, up: Upstream) -> None:
        """The answer is not ended while the server holds back its second half."""
        task = asyncio.create_task(ask(hf(up), deadlines=PATIENT))
        await up.wait_gate()
        await asyncio.wait({task}, timeout=6)
        assert not task.done()
        up.release()
        assert (await task).text == "Hello world"

    async def test_a_reason_on_the_first_token_does_not_hurry_the_second(
        self, up: Upstream
    ) -> None:
        first = faults.choices(delta={"content": "Hello"}, finish_reason="stop")
        up.script(script(first, Gate(), " world", Finish(), Done()))
        await self.check_waits_for_the_rest(up)

    async def test_an_answer_cut_after_a_reason_on_its_first_token_is_not_whole(
        self, up: Upstream
    ) -> None:
        up.script(script(faults.choices(delta={"content": "Hello"}, finish_reason="stop"), Cut()))
        outcome = await ask(hf(up), deadlines=PATIENT)
        assert (outcome.code, outcome.text) == ("cut", "Hello")

    @pytest.mark.parametrize("end", [End(), Cut()], ids=["closed", "cut"])
    async def test_blanks_after_a_reason_are_no_text(self, up: Upstream, end: Cut | End) -> None:
        up.script(script("Hello", Finish(), "", "\n", end))
        outcome = await ask(hf(up), deadlines=PATIENT)
        assert (outcome.code, outcome.reason, outcome.text) == ("", "stop", "Hello\n")

    async def test_counts_after_the_reason_are_read(self, up: Upstream) -> None:
        up.script(script("Hello", Finish(), Delay(0.05), Usage(prompt=3, answer=9), Done()))
        finish = (await ask(hf(up), deadlines=PATIENT)).finish
        assert finish == FinishedAnswer("stop", 3, 9)

    @pytest.mark.parametrize("done", [True, False])
    async def test_completion_models_may_end_without_a_reason(
        self, up: Upstream, *, done: bool
    ) -> None:
        words = Frame({"choices": [{"index": 0, "text": "Hello", "finish_reason": None}]})
        up.script(script(words, Done() if done else End()))
        outcome = await ask(openai(up.base_url.removesuffix("/v1")), completion_request())
        assert outcome.text == "Hello"
        assert (outcome.code, outcome.reason) == (("", "done") if done else ("no_finish", ""))


class TestCaps:
    async def test_answer(self, up: Upstream) -> None:
        up.script(faults.ENDS["endless"])
        outcome = await ask(hf(up), caps=Limits(answer_chars=100))
        assert (outcome.code, outcome.reason, len(outcome.text)) == ("", "answer_too_long", 100)
        await up.wait_for(lambda server: server.requests[0].hung_up)

    async def test_an_answer_of_exactly_the_cap_is_whole(self, up: Upstream) -> None:
        up.script(answer("x" * 100))
        outcome = await ask(hf(up), caps=Limits(answer_chars=100))
        assert (outcome.reason, len(outcome.text)) == ("stop", 100)

    @pytest.mark.parametrize("ended", [b"", b"\n\n"])
    async def test_frame(self, up: Upstream, ended: bytes) -> None:
        up.script(script("Hello", Raw(b"data: " + b"x" * 5_000 + ended), Stall()))
        outcome = await ask(hf(up), caps=Limits(frame_bytes=4_000))
        assert (outcome.code, outcome.text) == ("frame_too_large", "Hello")
        await up.wait_for(lambda server: server.requests[0].hung_up)

    async def test_a_megabyte_is_cut_at_the_cap(self, up: Upstream) -> None:
        up.script(script("x" * 1_000_000, Stall()))
        outcome = await ask(hf(up), caps=Limits(answer_chars=1_000))
        assert (outcome.reason, len(outcome.text)) == ("answer_too_long", 1_000)


class TestRetries:
    async def test_twice_and_then_an_answer(self, up: Upstream) -> None:
        up.script(BUSY, BUSY)
        outcome = await ask(hf(up), retry=FAST)
        assert outcome.reason == "stop"
        assert [(wait.attempt, wait.code) for wait in outcome.waits] == [
            (1, "overloaded"),
            (2, "overloaded"),
        ]
        assert len(up.requests) == 3

    async def test_no_third_time(self, up: Upstream) -> None:
        up.script(BUSY, BUSY, BUSY, BUSY)
        outcome = await ask(hf(up), retry=FAST)
        assert outcome.code == "overloaded"
        assert len(up.requests) == 3

    async def test_back_off_doubles_with_a_jitter_of_a_quarter(self, up: Upstream) -> None:
        up.script(BUSY, BUSY)
        first, second = (await ask(hf(up), retry=Retry(base=0.02))).waits
        assert 0.015 <= first.seconds <= 0.025
        assert 0.03 <= second.seconds <= 0.05

    async def test_never_after_a_token(self, up: Upstream) -> None:
        up.script(script("Hello", Cut()))
        outcome = await ask(hf(up), retry=FAST)
        assert (outcome.code, outcome.text, len(up.requests)) == ("cut", "Hello", 1)

    async def test_never_after_a_thought(self, up: Upstream) -> None:
        up.script(script(faults.choices(delta={"reasoning_content": "hm"}), Cut()))
        assert (await ask(hf(up), retry=FAST)).code == "cut"
        assert len(up.requests) == 1

    @pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
    async def test_never_where_it_cannot_help(self, up: Upstream, status: int) -> None:
        up.script(faults.status(status))
        assert not (await ask(hf(up), retry=FAST)).waits
        assert len(up.requests) == 1

    async def test_a_server_that_comes_up(self) -> None:
        port = closed_port()
        items = stream(
            openai(f"http://127.0.0.1:{port}/v1"), chat_request(), Deadlines(), Limits(), FAST
        )
        async with aclosing(items):
            first = await anext(items)
            assert isinstance(first, Waiting)
            assert first.code == "connect_refused"
            async with Upstream(port):
                assert [item async for item in items]

    async def test_retry_after_is_honoured(self, up: Upstream) -> None:
        up.script(faults.status(429, Retry_After="0.05"))
        outcome = await ask(hf(up), retry=Retry(base=9))
        assert [(wait.seconds, wait.code) for wait in outcome.waits] == [(0.05, "rate_limited")]
        assert outcome.reason == "stop"

    async def test_retry_after_beyond_the_cap_is_told_and_not_waited_for(
        self, up: Upstream
    ) -> None:
        up.script(faults.status(429, Retry_After="31"))
        outcome = await ask(hf(up), retry=FAST)
        assert not outcome.waits
        assert outcome.error is not None
        assert outcome.error.retry_after == 31

    async def test_no_wait_beyond_the_total_deadline(self, up: Upstream) -> None:
        up.script(faults.status(503, Retry_After="20"))
        outcome = await ask(hf(up), deadlines=Deadlines(total=10), retry=FAST)
        assert (outcome.code, outcome.waits) == ("overloaded", [])

    def test_retry_after_in_both_forms(self) -> None:
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
        assert parse_retry_after(" 12 ") == 12
        assert 15 < (parse_retry_after(soon) or 0) <= 20
        assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
        assert parse_retry_after("Wed, 21 Oct 2015 07:28:00") == 0
        assert [parse_retry_after(odd) for odd in ("", "soon", "-5", "9" * 400)] == [None] * 4


class TestCancellation:
    @pytest.mark.parametrize("phase", PHASES)
    async def test_hangs_up_in_every_phase(self, up: Upstream, phase: str) -> None:
        up.script(PHASES[phase])
        task = asyncio.create_task(ask(hf(up), deadlines=Deadlines()))
        await up.wait_gate()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await up.wait_for(lambda server: server.requests[0].hung_up)

    async def test_while_connecting(self) -> None:
        async with Upstream(tls="stall") as up:
            task = asyncio.create_task(
                ask(openai(f"https://{up.address}/v1"), deadlines=Deadlines())
            )
            await up.wait_for(lambda server: server.tls_clients == 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await up.wait_for(lambda server: server.tls_clients == 0)

    async def test_while_waiting_for_a_retry(self, up: Upstream) -> None:
        up.script(BUSY)
        items = stream(hf(up), chat_request(), Deadlines(), Limits(), Retry(base=20))
        async with aclosing(items):
            assert isinstance(await anext(items), Waiting)
            task = asyncio.create_task(self.drain(items))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def drain(self, items: object) -> None:
        async for _ in items:  # type: ignore[attr-defined]
            pass

    async def test_a_reader_that_leaves(self, up: Upstream) -> None:
        up.script(script("Hello", Stall()))
        async with aclosing(stream(hf(up), chat_request(), Deadlines(), Limits())) as items:
            await anext(items)
        await up.wait_for(lambda server: server.requests[0].hung_up)

    @pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
    async def test_a_reader_that_rests_while_the_connection_breaks(
        self, up: Upstream, *, reset: bool
    ) -> None:
        up.script(script("Hello", Gate(), " world", Gate("end"), Cut(reset=reset)))
        async with aclosing(stream(hf(up), chat_request(), PATIENT, Limits(), ONCE)) as items:
            assert await anext(items) == TextDelta("Hello")
            up.release()
            await up.wait_gate("end")
            await asyncio.sleep(0.05)
            up.release("end")
            await asyncio.sleep(0.05)
            assert await anext(items) == TextDelta(" world")
            with pytest.raises(ProviderError) as problem:
                await anext(items)
        assert problem.value.code == ("cut" if reset else "no_finish")

    async def test_cancelled_just_as_a_deadline_passes(self, up: Upstream) -> None:
        """Whichever comes first, the task ends, and the server is rid of it."""
        for at in range(8):
            up.script(script("Hello", Stall()))
            deadlines = Deadlines(connect=5, first_token=5, idle=0.05, total=5)
            task = asyncio.create_task(ask(hf(up), deadlines=deadlines))
            await asyncio.wait({task}, timeout=0.044 + at * 0.002)
            task.cancel()
            (ended,) = await asyncio.gather(task, return_exceptions=True)
            assert isinstance(ended, asyncio.CancelledError | Outcome)
        await up.wait_for(lambda server: all(r.hung_up for r in server.requests))


class TestCapabilities:
    def test_what_can_be_served(self) -> None:
        hugging_face = Endpoint(kind="hf", token="hf_x")
        assert unsupported_reason(hugging_face, "chat") is None
        assert unsupported_reason(hugging_face, "completion") is None
        assert unsupported_reason(openai("http://tgi:8080"), "completion") is None
        assert unsupported_reason(openai("http://vllm:8000/v1"), "chat") is None

    @pytest.mark.parametrize("url", ["http://x/v1", "http://x/v1/", "http://x/v1/chat/completions"])
    def test_no_completions_beside_tgi(self, url: str) -> None:
        refused = unsupported_reason(openai(url), "completion")
        assert refused is not None
        assert refused.code == "completion_unsupported"

    @pytest.mark.parametrize(
        "endpoint",
        [
            Endpoint(kind="none"),
            Endpoint(kind="hf"),
            Endpoint(kind="openai"),
            openai("myhost:8000/v1", "hf_key"),
            openai("myhost/v1"),
            openai("ftp://myhost/v1"),
            openai("http:///v1"),
            openai("http://[::1/v1"),
            openai("http://[x]/v1"),
            openai("http://host:99999/v1"),
            openai("http://host:0/v1"),
            openai("http://host:x/v1"),
        ],
    )
    async def test_not_configured(self, endpoint: Endpoint) -> None:
        refused = unsupported_reason(endpoint, "chat")
        assert refused is not None
        assert refused.code == "not_configured"
        assert (await ask(endpoint)).code == "not_configured"

    async def test_nothing_is_sent_where_it_cannot_be_served(self, up: Upstream) -> None:
        assert (await ask(openai(up.base_url), completion_request())).code == (
            "completion_unsupported"
        )
        assert not up.requests


async def test_150_answers_at_once(up: Upstream) -> None:
    """No pool between them: each has a connection of its own, closed at its end."""
    up.script(Script((Delta("Hello"), Gate(), Finish(), Done()), times=150))
    tasks = [asyncio.create_task(ask(hf(up), deadlines=Deadlines())) for _ in range(150)]
    await up.wait_for(lambda server: sum(r.gate == "gate" for r in server.requests) == 150, 20)
    up.release(count=150)
    outcomes = await asyncio.gather(*tasks)
    assert {(outcome.text, outcome.reason) for outcome in outcomes} == {("Hello", "stop")}


async def test_a_burst_comes_whole_in_few_pieces(up: Upstream) -> None:
    """What came together is read together: a piece for each event would cost its wakening."""
    up.script(answer(Repeat((Delta("word "),), times=5_000)))
    outcome = await ask(hf(up), retry=ONCE)
    assert outcome.text == "word " * 5_000
    assert len(outcome.pieces) < 5_000
