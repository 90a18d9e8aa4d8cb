"""A transaction that loses against another one, and other errors that the server answers with."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tests.failure_injection.world import World, is_worded
from tests.fake_llm import UpstreamThread, answer
from tests.support.polling import eventually

BLOCKED = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = 'chat'"
# Fails as often as it is told, with a real SQLSTATE: a sequence does not go back in a rollback.
FAILING = """
CREATE SEQUENCE failures;
CREATE FUNCTION fail_some() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('failures') <= {times} THEN
        RAISE EXCEPTION 'made to fail' USING ERRCODE = '{code}';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fail_some BEFORE INSERT ON chat_message FOR EACH ROW EXECUTE FUNCTION fail_some();
"""
NO_LONGER = """
DROP TRIGGER fail_some ON chat_message; DROP FUNCTION fail_some; DROP SEQUENCE failures;
"""


@contextmanager
def failing(world: World, code: str, times: int) -> Iterator[None]:
    """Writing a message fails so often with this SQLSTATE."""
    with world.database.connected("chat") as connection:
        connection.execute(FAILING.format(code=code, times=times))
        try:
            yield
        finally:
            connection.execute(NO_LONGER)


def count_of(world: World, client_id: str) -> int:
    with world.database.connected("chat") as connection:
        row = connection.execute(
            "SELECT count(*) FROM chat_message WHERE client_id = %s", [client_id]
        ).fetchone()
    return int(row[0]) if row else 0


def test_a_deadlock_is_repeated_in_silence(world: World, upstream: UpstreamThread) -> None:
    """The command holds the conversation and waits for the model's row, which another transaction
    holds that waits for the conversation. PostgreSQL ends the transaction of who looks first."""
    client_id = str(uuid4())
    upstream.script(answer("Nothing."))
    conversation = world.person.start("What is lost?")
    with world.person.socket(conversation) as socket:
        socket.until_status("complete")
    path = f"/c/{conversation}/send/"
    before = len(world.site.log())
    # A transaction that waits looks once. This leaves the test time to make the deadlock.
    world.database.set("deadlock_timeout", "4s")
    with (
        ThreadPoolExecutor(1) as thread,
        world.database.connected("chat") as watcher,
        world.database.connected("chat") as other,
    ):
        other.execute("SET deadlock_timeout = '60s'")
        other.execute("BEGIN")
        other.execute("SELECT FROM chat_chatmodel FOR UPDATE")
        sending = thread.submit(world.person.post, path, client_id=client_id, text="Only once?")
        eventually(lambda: watcher.execute(BLOCKED).fetchone())
        other.execute("SELECT FROM chat_conversation WHERE id = %s FOR UPDATE", [conversation])
        other.execute("COMMIT")
        response = sending.result()
        assert response.status_code == 200, response.text
        deadlocks = watcher.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = 'chat'"
        ).fetchone()
    assert deadlocks
    assert deadlocks[0] > 0
    assert count_of(world, client_id) == 1
    assert world.site.log()[before:] == ""


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_conflict_is_repeated_once(world: World, code: str) -> None:
    client_id = str(uuid4())
    before = len(world.site.log())
    with failing(world, code, times=1):
        response = world.person.post("/c/", client_id=client_id, text=f"Lost with {code}?")
    assert response.status_code == 200
    assert count_of(world, client_id) == 1
    assert world.site.log()[before:] == ""


@pytest.mark.parametrize(
    ("code", "sentence", "line"),
    [
        ("40P01", "The database is overloaded", "is overloaded: deadlock detected (40P01)"),
        ("57014", "The database is overloaded", "is overloaded: query canceled (57014)"),
        ("53100", "Nothing can be saved", "cannot be written: disk full (53100)"),
        ("57P01", "The database is unavailable.", "is away: admin shutdown (57P01)"),
    ],
)
def test_what_goes_on_is_told_by_its_own_name(
    world: World, code: str, sentence: str, line: str
) -> None:
    client_id = str(uuid4())
    before = len(world.site.log())
    with failing(world, code, times=20):
        responses = [
            world.person.post("/c/", client_id=client_id, text="Kept?", htmx=htmx)
            for htmx in (True, False, True)
        ]
    assert all(is_worded(response, sentence) for response in responses), responses[0].text
    assert "Kept?" in responses[1].text
    outages = world.outages(before)
    # Only this statement fails: a probe between two of them finds the database working.
    assert len(outages) == 1 or code == "57P01"
    for first, last in outages:
        assert first == f"WARNING chat.database the database {line}"
        assert re.search(r"works again after [\d.]+ s$", last)
    assert count_of(world, client_id) == 0


def test_a_permanent_error_stays_a_fault_of_ours(world: World) -> None:
    before = len(world.site.log())
    with failing(world, "23514", times=20):
        response = world.person.post("/c/", client_id=str(uuid4()), text="Broken?")
    assert response.status_code == 500
    lines = world.site.log()[before:]
    assert "IntegrityError" in lines
    assert "chat.database" not in lines
