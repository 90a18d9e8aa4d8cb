"""Processes that die, drain and come back: no answer is lost, and nobody waits for ever."""

import signal
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from tests.fake_llm import Delay, Delta, Gate, Repeat, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person, signed_up
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site

NOTICED_SECONDS = 15.0
LOST_SECONDS = 0.5


@pytest.fixture
def mortal(
    site_database: dict[str, str], upstream: UpstreamThread
) -> Iterator[tuple[Site, Person]]:
    """A site of its own, on the same database, and somebody who uses it."""
    with Site(site_database | {"INFERENCE_BASE_URL": upstream.base_url}) as site:
        person = signed_up(site.url, f"{uuid4().hex}@site.example.org")
        yield site, person
        person.http.close()


@pytest.fixture
def database(site_database: dict[str, str]) -> Rows:
    return Rows(site_database["DATABASE_URL"])


def test_after_a_kill_the_text_is_kept_and_the_answer_interrupted(
    mortal: tuple[Site, Person],
    upstream: UpstreamThread,
    database: Rows,
    record_property: object,
) -> None:
    site, person = mortal
    # Each word says when it was sent, so that the text tells how much of it was lost.
    words = (Delta("word "), Delay(0.01))
    upstream.script(answer(Repeat(words)))
    key = person.start("Tell me a story without an end.")
    eventually(lambda: len(database.saved(key)) > 200)
    site.kill()
    (request,) = upstream.chats
    sent = request.sent
    died = time.monotonic()
    saved = len(database.saved(key).split())
    lost = (sent - saved) * (died - request.received_at) / sent
    site.start()
    eventually(lambda: database.answer(key)["status"] == "interrupted", NOTICED_SECONDS)
    noticed = time.monotonic() - died
    print(f"lost {lost:.2f} s of stream, noticed after {noticed:.1f} s")
    assert lost <= LOST_SECONDS
    assert noticed <= NOTICED_SECONDS
    row = database.answer(key)
    assert len(row["text"].split()) == saved
    page = person.page(key)
    assert "The server restarted while writing this answer." in page
    assert ">Continue<" in page
    with person.socket(key) as socket:
        assert "word word" in html_of(socket.until_status("interrupted"))


def test_while_it_drains_an_answer_finishes_and_new_work_is_refused(
    mortal: tuple[Site, Person], upstream: UpstreamThread, database: Rows
) -> None:
    site, person = mortal
    mark = str(uuid4())
    upstream.script(answer("Light ", Gate(mark), "scatters."))
    key = person.start("Why?")
    upstream.wait_gate(mark)
    with person.socket(key) as socket:
        socket.until_text("Light")
        assert site.process is not None
        site.process.send_signal(signal.SIGTERM)
        assert socket.close_code() == 4001
    refused = person.post("/c/", client_id=str(uuid4()), text="Another?")
    assert refused.status_code == 503
    assert "The server is restarting. Your text is still here" in refused.text
    kept = person.post("/c/", htmx=False, client_id=str(uuid4()), text="Another <one>?")
    assert "Another &lt;one&gt;?</textarea>" in kept.text
    assert site.process.poll() is None
    upstream.release(mark)
    site.process.wait(timeout=20)
    row = database.answer(key)
    assert (row["status"], row["text"]) == ("complete", "Light scatters.")
    assert site.process.returncode == 0
    assert "Traceback" not in site.log()


def test_an_answer_that_takes_longer_than_the_drain_is_interrupted(
    mortal: tuple[Site, Person], upstream: UpstreamThread, database: Rows
) -> None:
    site, person = mortal
    site.kill()
    site.start(DRAIN_SECONDS="0.5")
    mark = str(uuid4())
    upstream.script(answer("Light ", Gate(mark), "scatters."))
    key = person.start("Why?")
    with person.socket(key) as socket:
        socket.until_text("Light")
    began = time.monotonic()
    site.terminate()
    assert time.monotonic() - began < 8
    row = database.answer(key)
    assert (row["status"], row["text"]) == ("interrupted", "Light ")
    upstream.wait_for(lambda up: any(request.hung_up for request in up.chats))


def test_a_second_process_shows_stops_and_takes_over(
    mortal: tuple[Site, Person],
    site: Site,
    upstream: UpstreamThread,
    database: Rows,
) -> None:
    _, person = mortal
    here = Person(site.url, person.email, person.http)
    mark = str(uuid4())
    upstream.script(answer("Light ", Gate(mark), "scatters ", Gate(mark), "in air."))
    key = person.start("Why?")
    upstream.wait_gate(mark)
    eventually(lambda: database.saved(key) == "Light ")
    with here.socket(key) as socket:
        socket.until_text("Light")
        upstream.release(mark)
        socket.until_text("scatters")
        stop = here.http.post(
            f"{site.url}/c/{key}/stop/",
            headers={"X-CSRFToken": person.http.cookies["chat_csrf"], "Origin": site.url},
        )
        assert stop.status_code == 302
        assert "Light scatters" in html_of(socket.until_status("stopped"))
    assert database.answer(key)["text"] == "Light scatters "


def test_a_page_that_lost_its_server_finds_the_answer_on_the_next(
    mortal: tuple[Site, Person], upstream: UpstreamThread, database: Rows
) -> None:
    site, person = mortal
    upstream.script(answer("Light scatters."))
    key: UUID = person.start("Why?")
    with person.socket(key) as socket:
        socket.until_status("complete")
        at = person.version(key)
        site.kill()
        assert socket.close_code() == 1006
    site.start()
    with person.socket(key, f"?at={at}&again=1") as socket:
        assert socket.next()["event"] == "sidebar"
        socket.quiet()
