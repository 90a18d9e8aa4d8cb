"""Several web processes: a page on one follows and steers answers that another one writes."""

import re
import socket
import time
from uuid import UUID, uuid4

import pytest

from chat.realtime.connection_registry import RESTARTING
from tests.failure_injection.conftest import Pair
from tests.fake_llm import Delay, Delta, Gate, Repeat, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person, Socket, last_status


def last_answer(person: Person, conversation: UUID) -> str:
    found: list[str] = re.findall(
        r'data-message-id="([^"]*)" data-role="assistant"', person.page(conversation)
    )
    return found[-1]


def saved_by(person: Person, conversation: UUID, text: str) -> None:
    """Until the database has this text: what a process shows that does not write the answer."""
    until = time.monotonic() + 2
    while text not in person.page(conversation):
        assert time.monotonic() < until


def test_a_page_on_the_other_process_follows(
    here: Person, there: Person, upstream: UpstreamThread
) -> None:
    middle, end = uuid4().hex, uuid4().hex
    upstream.script(answer("Light ", Gate(middle), "scatters ", Gate(end), "in air."))
    key = here.start("Why?")
    with there.socket(key) as page:
        page.until_text("Light")
        upstream.release(middle)
        page.until_text("scatters")
        upstream.release(end)
        last = page.until_status("complete")
    assert "Light scatters in air." in html_of(last)


def test_text_reaches_the_other_process_by_frames(
    here: Person, there: Person, upstream: UpstreamThread
) -> None:
    """Far more often than the database is looked at while frames come."""
    upstream.script(answer(Repeat((Delta("word "), Delay(0.15)), times=24)))
    key = here.start("Talk")
    with there.socket(key) as page:
        frames = 0
        while True:
            frame = page.next()
            if last_status(html_of(frame)) == "complete":
                break
            frames += frame["event"] == "answer"
    assert frames >= 14


def test_stop_reaches_the_process_that_writes(
    here: Person, there: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Going on", Gate(uuid4().hex), "never"))
    key = here.start("Talk")
    with there.socket(key) as page, here.socket(key) as home:
        page.until_text("Going on")
        began = time.monotonic()
        assert there.post(f"/c/{key}/stop/").status_code == 200
        upstream.wait_for(lambda up: up.chats[-1].hung_up)
        assert time.monotonic() - began < 2
        page.until_status("stopped")
        home.until_status("stopped")
    assert "Going on" in there.page(key)
    assert there.post(f"/c/{key}/stop/").status_code == 200


def test_regenerate_through_the_other_process(
    here: Person, there: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("First."), answer("Second."))
    key = here.start("Twice")
    with here.socket(key) as page:
        page.until_status("complete")
        there.post(f"/m/{last_answer(there, key)}/regenerate/")
        assert "Second." in html_of(page.until_text("Second."))


@pytest.mark.parametrize("how", ["killed", "hung"])
def test_without_the_layer_pages_follow_through_the_database(
    here: Person, there: Person, pair: Pair, upstream: UpstreamThread, how: str
) -> None:
    middle, end = uuid4().hex, uuid4().hex
    upstream.script(answer("Light ", Gate(middle), "scatters ", Gate(end), "in air."))
    key = here.start("Why?")
    with there.socket(key) as page:
        page.until_text("Light")
        process = pair.valkey.process
        assert process is not None
        process.kill() if how == "killed" else process.send_signal(19)
        upstream.release(middle)
        page.until_text("scatters")
        upstream.release(end)
        assert "in air." in html_of(page.until_status("complete"))
        if how == "killed":
            process.wait()
            pair.valkey.start()
        else:
            process.send_signal(18)


def test_after_the_layer_came_back_frames_come_again(
    here: Person, there: Person, pair: Pair, upstream: UpstreamThread
) -> None:
    pair.valkey.kill()
    pair.valkey.start()
    with there.socket() as page:
        until = time.monotonic() + 20
        heard = False
        while not heard and time.monotonic() < until:
            upstream.script(answer("Yes."))
            key = here.start("Back?")
            try:
                while not heard:
                    frame = page.frame(1.0)
                    page.say(ack=frame["seq"])
                    heard = f"row-{key.hex}" in html_of(frame)
            except TimeoutError:
                continue
    assert heard


def test_a_rolling_restart_loses_no_answer(
    here: Person, there: Person, pair: Pair, upstream: UpstreamThread
) -> None:
    gates = [uuid4().hex, uuid4().hex]
    for gate in gates:
        upstream.script(answer("Before ", Gate(gate), "after."))
    keys = [here.start("One"), there.start("Two")]
    for site, person, key, gate in (
        (pair.one, there, keys[0], gates[0]),
        (pair.two, here, keys[1], gates[1]),
    ):
        assert site.process is not None
        with person.socket(key) as page:
            page.until_text("Before")
            site.process.terminate()
            upstream.release(gate)
            assert "Before after." in html_of(page.until_status("complete"))
        site.process.wait(timeout=30)
        site.start()


def test_a_socket_that_comes_during_a_drain_is_sent_away(
    here: Person, pair: Pair, upstream: UpstreamThread
) -> None:
    """Its connection was there before, so nothing refuses it."""
    early = socket.create_connection(("127.0.0.1", pair.one.port), 10)
    gate = uuid4().hex
    upstream.script(answer("Before ", Gate(gate), "after."))
    key = here.start("Stay")
    assert pair.one.process is not None
    with here.socket(key) as page:
        page.until_text("Before")
        pair.one.process.terminate()
        assert page.close_code() == RESTARTING
    with Socket.open(here.url, f"/ws/c/{key}/", here.session, sock=early) as late:
        assert late.close_code() == RESTARTING
    upstream.release(gate)
    pair.one.process.wait(timeout=30)


def test_a_dead_process_is_noticed_by_the_other(
    here: Person, there: Person, pair: Pair, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Half an ans", Gate(uuid4().hex), "wer"))
    key = here.start("Long")
    with there.socket(key) as page:
        page.until_text("Half an ans")
        saved_by(there, key, "Half an ans")
        began = time.monotonic()
        pair.one.kill()
        last = page.until_status("interrupted")
    assert time.monotonic() - began < 15.5
    assert "Half an ans" in html_of(last)
