"""What goes on during an outage of the database, and the first request after it."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from uuid import uuid4

import httpx2
import psycopg
import pytest

from tests.failure_injection.world import EMAIL, World, is_worded
from tests.support.people import PASSWORD, Person
from tests.support.polling import eventually

CANNOT_SAVE = "Nothing can be saved right now."


def sends(world: World, text: str) -> int:
    return world.person.send(world.conversation, text).status_code


FIRST: dict[str, Callable[[World, Person], int]] = {
    "a page": lambda world, stranger: world.person.get("/").status_code,
    "a conversation": lambda world, stranger: (
        world.person.get(f"/c/{world.conversation}/").status_code
    ),
    "a fragment": lambda world, stranger: (
        world.person.http.get("/search/?q=lost", headers={"HX-Request": "true"}).status_code
    ),
    "a command": lambda world, stranger: sends(world, "Is it there?"),
    "an account page": lambda world, stranger: world.person.get("/accounts/email/").status_code,
    "an admin page": lambda world, stranger: world.person.get("/admin/chat/chatmodel/").status_code,
    "readiness": lambda world, stranger: world.person.get("/readyz").status_code,
    "signing in": lambda world, stranger: (
        stranger.post("/accounts/login/", htmx=False, login=EMAIL, password=PASSWORD).status_code
    ),
}


@pytest.mark.parametrize("kind", FIRST)
@pytest.mark.parametrize("pause", [0.0, 4.0], ids=["at once", "after four seconds"])
def test_the_first_request_after_a_restart_succeeds(
    world: World, stranger: Person, kind: str, pause: float
) -> None:
    """Whether anybody noticed that the database was away, or nobody did."""
    for _ in range(3):  # so that several connections are open, which the restart ends
        with ThreadPoolExecutor(8) as many:
            list(many.map(world.person.get, ["/accounts/email/", "/"] * 8))
    world.database.take_away(signal.SIGINT)
    if pause:
        refused = [world.person.get(path) for path in ("/", "/accounts/email/")]
        assert [response.status_code for response in refused] == [503, 503]
    time.sleep(pause)
    world.database.bring_back()
    before = time.monotonic()
    assert FIRST[kind](world, stranger) in (200, 302)
    assert time.monotonic() - before < 10  # signing in alone takes seconds on a busy machine


def test_a_restart_under_load_is_never_a_fault_of_ours(world: World) -> None:
    paths = ["/", "/accounts/email/", "/admin/", f"/c/{world.conversation}/", "/search/?q=lost"]
    over = Event()
    found: list[int] = []

    def ask(path: str) -> None:
        while not over.is_set():
            found.append(world.person.get(path).status_code)

    before = len(world.site.log())
    threads = [Thread(target=ask, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: len(found) > 50)
        world.database.take_away(signal.SIGINT)
        eventually(lambda: found.count(503) > 50)
        world.database.bring_back()
        back = len(found)
        eventually(lambda: found[back:].count(200) > 50)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert set(found) == {200, 503}
    # One, or two if a request from before the restart hears of its lost connection after it.
    assert world.outages(before)


def test_a_standby_shows_everything_and_saves_nothing(world: World) -> None:
    """Until it becomes the primary; what was sent again and again is there once."""
    client_id = str(uuid4())

    def send() -> httpx2.Response:
        path = f"/c/{world.conversation}/send/"
        return world.person.post(path, client_id=client_id, text="Standing by?")

    with standby(world):
        eventually(lambda: world.person.get("/").status_code == 200)
        before = len(world.site.log())
        assert world.person.get(f"/c/{world.conversation}/").status_code == 200
        for _ in range(50):
            assert is_worded(send(), CANNOT_SAVE)
        with world.person.socket(world.conversation) as socket:
            socket.until_text("Nothing is lost.")
        assert world.person.get("/readyz").status_code == 503
    assert send().status_code == 200
    with world.database.connected("chat") as connection:
        sent = connection.execute(
            "SELECT count(*) FROM chat_message WHERE client_id = %s", [client_id]
        ).fetchone()
    assert sent == (1,)
    lines = world.site.log()[before:]
    assert "Traceback" not in lines
    assert len(lines.splitlines()) <= 2, lines


@contextmanager
def standby(world: World) -> Iterator[None]:
    """The server as a standby that takes questions, and afterwards as the primary."""
    world.database.take_away(signal.SIGINT)
    (world.database.data / "standby.signal").touch()
    starting = Thread(target=world.database.bring_back)
    starting.start()
    try:
        yield
    finally:
        eventually(lambda: promote(world))
        starting.join()


def promote(world: World) -> bool:
    try:
        with world.database.connected("postgres") as connection:
            row = connection.execute("SELECT pg_promote()").fetchone()
    except psycopg.OperationalError:
        return False
    return bool(row and row[0])


def test_without_a_free_connection_people_hear_that_it_is_busy(world: World) -> None:
    before = len(world.site.log())
    with ExitStack() as stack:
        try:
            while True:
                stack.enter_context(world.database.connected("postgres"))
        except psycopg.OperationalError:
            pass
        for path in ("/accounts/email/", "/admin/"):
            response = world.person.get(path)
            assert is_worded(response, "The database is overloaded right now."), response.text
        ready = world.person.get("/readyz").json()["database"]
        assert ready == "down: too many connections"
    assert eventually(lambda: world.person.get("/admin/").status_code == 200)
    first, _ = world.outage_lines(before)
    assert first == "WARNING chat.database the database is overloaded: too many connections"


def test_an_ended_connection_is_replaced_unnoticed(world: World) -> None:
    """`pg_terminate_backend`, as operators and poolers end what has been idle."""
    paths = ("/", "/accounts/email/", "/admin/")
    for path in paths:
        assert world.person.get(path).status_code == 200
    with world.database.connected("postgres") as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = 'chat' AND pid <> pg_backend_pid()"
        )
    assert [world.person.get(path).status_code for path in paths] == [200, 200, 200]
    assert sends(world, "Still there?") == 200
