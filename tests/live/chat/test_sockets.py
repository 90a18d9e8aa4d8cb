"""The page's socket: what it is sent, what it may say, and who may have one."""

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from benchmarks.wire import connect
from tests.fake_llm import Delay, Delta, Gate, Repeat, UpstreamThread, answer
from tests.support.frames import has_patch, html_of
from tests.support.people import Person, last_status
from tests.support.rows import Rows

KEYS = {"seq", "event", "message_id", "status", "patches"}


@dataclass(frozen=True)
class Waiting:
    """A conversation whose answer waits after "Light " and after "scatters ".

    The gates have names of their own: a release that nobody needed must not open another test's.
    """

    key: UUID
    mark: UUID
    upstream: UpstreamThread

    def go_on(self) -> None:
        self.upstream.release(f"middle {self.mark}")

    def finish(self) -> None:
        self.go_on()
        self.upstream.release(f"end {self.mark}")


@pytest.fixture
def waiting(visitor: Person, upstream: UpstreamThread) -> Iterator[Waiting]:
    mark = uuid4()
    upstream.script(
        answer("Light ", Gate(f"middle {mark}"), "scatters ", Gate(f"end {mark}"), "in air.")
    )
    key = visitor.start("Why is the sky blue?")
    upstream.wait_gate(f"middle {mark}")
    yield Waiting(key, mark, upstream)
    Waiting(key, mark, upstream).finish()
    with visitor.socket(key) as socket:
        socket.until_status("complete")


def test_a_word_travels_as_little_more_than_its_letters(
    visitor: Person, upstream: UpstreamThread
) -> None:
    """The end of an answer included, which brings it once more; counted by the benchmark's client,
    which offers what browsers offer."""
    words = ["light ", "scatters ", "in ", "air, ", "blue ", "most of ", "it ", "all. "] * 20
    upstream.script(answer(Gate(), *(step for word in words for step in (word, Delay(0.02)))))
    key = visitor.start("Why is the sky blue?")

    async def bytes_of_the_answer() -> int:
        ended = asyncio.Event()

        def heard(frame: bytes) -> None:
            wire.send(b'{"ack":%d}' % json.loads(frame)["seq"])
            if b'data-status=\\"complete\\"' in frame and b"light scatters" in frame:
                ended.set()

        cookie = {"Cookie": f"chat_session={visitor.session}"}
        wire = await connect(urlsplit(visitor.url).port or 80, f"/ws/c/{key}/?at=1", heard, cookie)
        upstream.release()
        async with asyncio.timeout(20):
            await ended.wait()
        wire.close()
        return wire.bytes_in

    assert asyncio.run(bytes_of_the_answer()) / len(words) < 60


# The state
def test_a_socket_first_gets_what_there_is(visitor: Person, waiting: Waiting) -> None:
    with visitor.socket(waiting.key) as socket:
        thread = socket.next()
        assert (thread["seq"], thread["event"]) == (1, "thread")
        assert "Why is the sky blue?" in html_of(thread)
        assert has_patch(thread, "innerMorph", "thread")
        text = socket.next()
        assert (text["seq"], text["event"], text["status"]) == (2, "answer", "streaming")
        assert "Light" in html_of(text)


def test_a_page_that_is_up_to_date_gets_only_the_text(visitor: Person, waiting: Waiting) -> None:
    with visitor.socket(waiting.key, f"?at={visitor.version(waiting.key)}") as socket:
        first = socket.next()
        assert first["event"] == "answer"
        assert "Light" in html_of(first)
        socket.quiet()


def test_the_first_frame_of_an_answer_holds_its_first_word(
    visitor: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer(Gate(), "Light scatters in air."))
    key = visitor.start("Why is the sky blue?")
    with visitor.socket(key) as socket:
        assert socket.next()["event"] == "thread"
        socket.quiet()
        socket.quiet()
        upstream.release()
        first = socket.next()
        assert first["event"] == "answer"
        assert "Light" in html_of(first)


def test_a_page_that_is_behind_gets_the_thread(visitor: Person, finished: UUID) -> None:
    at = visitor.version(finished)
    with visitor.socket(finished, f"?at={at}") as socket:
        socket.quiet()
    with visitor.socket(finished, f"?at={at - 1}") as socket:
        thread = socket.next()
        assert thread["event"] == "thread"
        assert f'value="{at}"' in html_of(thread)
        assert "Light scatters in air." in html_of(thread)


@pytest.mark.parametrize("at", ["", "x", "-1", "9" * 30, "%FF", "٣", "1.5"])
def test_an_odd_version_is_an_old_one(visitor: Person, finished: UUID, at: str) -> None:
    with visitor.socket(finished, f"?at={at}&x&=&") as socket:
        assert socket.next()["event"] == "thread"


def test_a_page_that_comes_again_gets_its_sidebar(visitor: Person, finished: UUID) -> None:
    at = visitor.version(finished)
    with visitor.socket(finished, f"?at={at}&again=1") as socket:
        frame = socket.next()
        assert frame["event"] == "sidebar"
        assert has_patch(frame, "innerMorph", "sidebar-list")
        assert f"row-{finished.hex}" in html_of(frame)


# Frames
def test_frames_have_the_known_keys_and_others_only_when_they_changed(
    visitor: Person, waiting: Waiting
) -> None:
    said: dict[str, Any] = {}
    with visitor.socket(waiting.key) as socket:
        frames = [socket.next(), socket.next()]
        waiting.go_on()
        frames.append(socket.next())
        waiting.finish()
        while last_status(html_of(frames[-1])) != "complete":
            frames.append(socket.next())
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    for frame in frames:
        assert {"seq", "event", "patches"} <= set(frame) <= KEYS
        for key in set(frame) - {"seq", "event", "patches"}:
            assert said.get(key) != frame[key], frame
            said[key] = frame[key]
    assert said["message_id"] in html_of(frames[-1])


def test_there_is_no_second_frame_before_the_acknowledgement(
    visitor: Person, waiting: Waiting
) -> None:
    with visitor.socket(waiting.key, f"?at={visitor.version(waiting.key)}") as socket:
        first = socket.frame()
        assert "Light" in html_of(first)
        waiting.finish()
        with visitor.socket(waiting.key) as other:
            other.until_status("complete")
        socket.quiet()
        socket.say(ack=first["seq"] - 1)
        socket.quiet()
        socket.say(ack=first["seq"])
        last = socket.until_status("complete")
        assert last["seq"] <= 3
        assert "Light scatters in air." in html_of(last)


def test_acknowledging_what_was_never_sent_opens_no_gate(visitor: Person, waiting: Waiting) -> None:
    with visitor.socket(waiting.key, f"?at={visitor.version(waiting.key)}") as socket:
        socket.say(ack=10**9)
        socket.until_text("Light")
        socket.say(ack=10**9)
        socket.quiet()
        waiting.go_on()
        second = socket.frame()
        assert "scatters" in html_of(second)
        waiting.finish()
        with visitor.socket(waiting.key) as other:
            other.until_status("complete")
        socket.quiet()


def test_two_tabs_both_get_the_final_text(visitor: Person, waiting: Waiting) -> None:
    with visitor.socket(waiting.key) as one, visitor.socket(waiting.key) as two:
        one.until_text("Light")
        two.until_text("Light")
        waiting.finish()
        last = [html_of(socket.until_status("complete")) for socket in (one, two)]
    assert last[0] == last[1]
    assert "Light scatters in air." in last[0]
    (article,) = re.findall(r"(?s)<article .*?</article>", last[0])
    assert article in visitor.page(waiting.key)


def test_a_slow_page_still_hears_of_its_sidebar(
    visitor: Person, finished: UUID, upstream: UpstreamThread
) -> None:
    """While text comes faster than acknowledgements there is always a newer frame of it."""
    mark = str(uuid4())
    upstream.script(answer("Light ", Repeat((Gate(mark), Delta("scatters ")), times=12)))
    visitor.send(finished, "And at night?")
    upstream.wait_gate(mark)
    with visitor.socket(finished, f"?at={visitor.version(finished)}") as socket:
        events = [socket.frame()]
        with visitor.socket() as other:
            other.quiet()
            visitor.post(f"/c/{finished}/rename/", title="Night sky")
            other.until_text("Night sky")
        for _ in range(4):
            upstream.release(mark)
            with visitor.socket(finished) as reader:
                reader.until(lambda frame: frame["event"] == "answer")
            socket.say(ack=events[-1]["seq"])
            events.append(socket.frame())
        assert f'id="row-{finished.hex}"' in "".join(html_of(frame) for frame in events)
        upstream.release(mark, 8)
        socket.say(ack=events[-1]["seq"])
        socket.until_status("complete")


# What happens elsewhere
def test_a_question_from_another_tab_appears(
    visitor: Person, finished: UUID, upstream: UpstreamThread
) -> None:
    with visitor.looking_at(finished) as socket:
        upstream.script(answer(Gate("another tab"), "Because."))
        assert visitor.send(finished, "Really?").status_code == 200
        frame = socket.until_text("Really?")
        # Without the gate the answer may be complete already in the frame that brings the question.
        upstream.release("another tab")
        assert has_patch(frame, "beforeend", "thread")
        assert "Light scatters" not in html_of(frame)
        assert "Because." in html_of(socket.until_status("complete"))


def test_a_beginning_that_was_not_looked_up_is_what_a_page_shows(
    visitor: Person, finished: UUID, upstream: UpstreamThread
) -> None:
    upstream.script(answer(Gate("beginning"), "Yes."))
    with visitor.looking_at(finished) as socket:
        visitor.send_beside_socket(finished, "Is <b>it</b> the same?")
        upstream.wait_gate("beginning")
        begin = html_of(socket.next())
        page = visitor.page(finished)
        upstream.release("beginning")
        socket.until_status("complete")
    found = re.findall(r"<article.*?</article>|<li .*?</li>|<data .*?</data>", begin, re.DOTALL)
    assert [part[:3] for part in found] == ["<ar", "<ar", "<da", "<li"]
    assert all(part in page for part in found)


@pytest.mark.parametrize("words", [4, 5_000])
def test_a_beginning_that_may_fill_the_window_brings_the_ruler(
    visitor: Person, finished: UUID, upstream: UpstreamThread, words: int
) -> None:
    upstream.script(answer(Gate("ruler"), "Yes."))
    with visitor.looking_at(finished) as socket:
        visitor.send_beside_socket(finished, "word " * words)
        upstream.wait_gate("ruler")
        # The sidebar may hear of the question in a frame of its own.
        begin = socket.until(lambda frame: "data-message-id" in html_of(frame))
        upstream.release("ruler")
        socket.until_status("complete")
    assert has_patch(begin, "outerHTML", "context-meter") == (words > 4)


def test_an_end_that_was_not_looked_up_is_what_a_page_shows(
    visitor: Person, finished: UUID, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes, **it** ", Gate("end"), "is."))
    with visitor.looking_at(finished) as socket:
        visitor.send_beside_socket(finished, "Is it the same?")
        upstream.wait_gate("end")
        socket.until_text("it")
        upstream.release("end")
        end = html_of(socket.until_status("complete"))
        page = visitor.page(finished)
    found = re.findall(r"<article.*?</article>|<li .*?</li>|<data .*?</data>", end, re.DOTALL)
    assert [part[:3] for part in found] == ["<ar", "<da", "<li"]
    assert all(part in page for part in found)


@pytest.mark.parametrize("words", [4, 5_000])
def test_an_end_that_may_fill_the_window_brings_the_ruler(
    visitor: Person, finished: UUID, upstream: UpstreamThread, words: int
) -> None:
    upstream.script(answer("Yes.", Gate("full"), " word" * words))
    with visitor.looking_at(finished) as socket:
        visitor.send_beside_socket(finished, "Is it much?")
        upstream.wait_gate("full")
        upstream.release("full")
        end = socket.until_status("complete")
    assert has_patch(end, "outerHTML", "context-meter") == (words > 4)


def test_what_changed_meanwhile_is_in_the_end(
    visitor: Person, finished: UUID, upstream: UpstreamThread, rows: Rows
) -> None:
    """Past every event, as when one gets lost."""
    upstream.script(answer("Yes.", Gate("meanwhile"), " No."))
    with visitor.looking_at(finished) as socket:
        visitor.send_beside_socket(finished, "Is it another?")
        upstream.wait_gate("meanwhile")
        socket.until_text("Yes.")
        change = "UPDATE chat_conversation SET title = 'Changed', version = version + 1"
        rows.do(f"{change} WHERE id = %s", finished)
        upstream.release("meanwhile")
        frames = [socket.until_status("complete")]
        while "Changed" not in "".join(html_of(frame) for frame in frames):
            frames.append(socket.next())
    assert any(has_patch(frame, "textContent", "conversation-title") for frame in frames)


def test_what_an_administrator_changed_is_found_when_an_answer_begins(
    visitor: Person, finished: UUID, upstream: UpstreamThread, rows: Rows
) -> None:
    with visitor.looking_at(finished) as socket:
        for more in (-1, 1):
            upstream.script(answer(Gate(f"window {more}"), "Yes."))
            rows.do("UPDATE chat_chatmodel SET context_window = context_window + %s", more)
            visitor.send_beside_socket(finished, "Is it as long?")
            upstream.wait_gate(f"window {more}")
            assert has_patch(socket.until_text("as long?"), "outerHTML", "context-meter")
            upstream.release(f"window {more}")
            socket.until_status("complete")


def test_another_answer_takes_the_place_of_the_first(
    visitor: Person, finished: UUID, upstream: UpstreamThread
) -> None:
    key = re.findall(r'data-message-id="([^"]*)" data-role="assistant"', visitor.page(finished))[0]
    with visitor.looking_at(finished) as socket:
        upstream.script(answer("Another one."))
        assert visitor.post(f"/m/{key}/regenerate/").status_code == 200
        last = html_of(socket.until_status("complete"))
        assert "Another one." in last
        assert "2 of 2" in last
        visitor.post(f"/m/{key}/choose/")
        frame = socket.until_text("1 of 2")
        assert "Light scatters" in html_of(frame)
        assert "Another one." not in html_of(frame)


def test_a_deletion_is_told_and_taken_back(visitor: Person, finished: UUID) -> None:
    with visitor.socket(finished, f"?at={visitor.version(finished)}") as socket:
        socket.quiet()  # by now it has joined
        assert visitor.post(f"/c/{finished}/delete/").status_code == 200
        frame = socket.until(lambda frame: frame["event"] == "gone")
        assert "This conversation was deleted." in html_of(frame)
        visitor.post(f"/c/{finished}/restore/")
        frame = socket.until(lambda frame: frame["event"] == "thread")
        assert "Light scatters" in html_of(frame)


def test_the_sidebar_of_every_page_hears_of_new_conversations(
    visitor: Person, outsider: Person, upstream: UpstreamThread
) -> None:
    with visitor.socket() as socket, outsider.socket() as stranger:
        socket.quiet()
        stranger.quiet()
        upstream.script(answer("Light."))
        key = visitor.start("A new one?")
        frame = socket.until_text(f"row-{key.hex}")
        assert has_patch(frame, "moveFirst", "sidebar-today")
        visitor.post(f"/c/{key}/rename/", title="Renamed")
        socket.until_text("Renamed")
        visitor.post(f"/c/{key}/delete/")
        socket.until(lambda frame: has_patch(frame, "delete", f"row-{key.hex}"))
        stranger.quiet()
