"""The database goes away in the middle of answers: nobody reloads, nothing acknowledged is lost."""

import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.failure_injection.database import Database, own_database
from tests.fake_llm import Delay, Delta, Gate, Repeat, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person, signed_up
from tests.support.site import Site, prepared_database


@dataclass
class Alone:
    """A web process with a database of its own, and somebody who is signed in."""

    site: Site
    database: Database
    person: Person


@pytest.fixture(scope="module")
def alone(upstream_server: UpstreamThread) -> Iterator[Alone]:
    with (
        tempfile.TemporaryDirectory(prefix="chat-faults-") as folder,
        own_database(Path(folder)) as database,
    ):
        values = prepared_database(database.url("chat"), Path(folder) / "site")
        values |= {"INFERENCE_BASE_URL": upstream_server.base_url}
        with Site(values) as site:
            person = signed_up(site.url, "alone@example.org")
            yield Alone(site, database, person)
            person.http.close()


def patient_start(person: Person, text: str) -> UUID:
    """As somebody who sends again while the database is not there yet."""
    until = time.monotonic() + 20
    while True:
        answer = person.post("/c/", client_id=str(uuid4()), text=text)
        if answer.status_code == 200:
            return UUID(answer.headers["HX-Push-Url"].split("/")[2])
        assert answer.status_code == 503
        assert time.monotonic() < until


@pytest.mark.parametrize(
    ("how", "seconds"), [(signal.SIGINT, 0.0), (signal.SIGQUIT, 0.0), (signal.SIGQUIT, 14.0)]
)
def test_an_answer_outlives_the_database(
    alone: Alone, upstream: UpstreamThread, how: signal.Signals, seconds: float
) -> None:
    middle, end = uuid4().hex, uuid4().hex
    upstream.script(answer("Before ", Gate(middle), "while it was away ", Gate(end), "after."))
    key = patient_start(alone.person, "Long")
    with alone.person.socket(key) as socket:
        socket.until_text("Before")
        before = len(alone.site.log())
        alone.database.take_away(how)
        upstream.release(middle)
        socket.until_text("while it was away")
        refused = alone.person.send(key, "Is anybody there?")
        assert refused.status_code == 503
        assert "The database is unavailable." in refused.text
        upstream.release(end)
        time.sleep(seconds)
        alone.database.bring_back()
        back = time.monotonic()
        last = socket.until_status("complete")
        assert time.monotonic() - back < 20
    assert "Before while it was away after." in html_of(last)
    assert "Before while it was away after." in alone.person.page(key)
    lines = alone.site.log()[before:]
    assert "Traceback" not in lines, lines
    # Each failure once, however often it was tried, and nothing that says where the database is.
    assert lines.count("saving failed") <= 2, lines
    assert alone.database.socket_folder not in lines
    assert "PGSQL" not in lines


def test_a_slow_statement_holds_nobody_up(alone: Alone, upstream: UpstreamThread) -> None:
    """Every thread of the pool waits for a lock; text still flows and leases are renewed."""
    upstream.script(answer(Repeat((Delta("word "), Delay(0.05)), times=60)))
    key = patient_start(alone.person, "Talk")
    with alone.person.socket(key) as socket:
        socket.until_text("word")
        with alone.database.locked("chat", "chat_conversation"):
            frames = 0
            until = time.monotonic() + 2
            while time.monotonic() < until:
                frames += socket.next()["event"] == "answer"
        assert frames > 10
        socket.until_status("complete")
