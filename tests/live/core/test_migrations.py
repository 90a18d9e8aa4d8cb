"""Upgrades: longer than the site's patience, killed at any moment, while others use the tables."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader

from launcher.postgres import Cluster
from tests.support.upgrade import FIRST_SCHEMA, TITLES, Database, read_until

CONVERSATIONS = 3000
LOCKED = "Another session has locked a table"
INVALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
NEW_TEXT = "UPDATE chat_message SET text = %s WHERE id = %s"
WORDS = "SELECT words::text FROM chat_searchentry WHERE message_id = %s"
WAITING = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
SLOW_RECORD = """
CREATE FUNCTION slow_record() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_sleep(1.5); RETURN NEW; END $$;
CREATE TRIGGER slow_record BEFORE INSERT ON django_migrations
    FOR EACH ROW WHEN (NEW.name = '0004_search') EXECUTE FUNCTION slow_record();
"""


@pytest.fixture(scope="session")
def first_schema(cluster: Cluster) -> str:
    """The name of a database with the first schema, to be copied."""
    Database(cluster.url("first_schema")).migrate(*FIRST_SCHEMA)
    return "first_schema"


@pytest.fixture
def database(cluster: Cluster, first_schema: str) -> Iterator[Database]:
    """Six people with 3,000 conversations, 500 questions and 250 drafts, before the upgrade."""
    found = Database(cluster.url("upgrade"))
    server = found.connect(dbname="postgres")
    with closing(server):
        server.execute("DROP DATABASE upgrade WITH (FORCE)")
        server.execute(f"CREATE DATABASE upgrade TEMPLATE {first_schema}")
        found.fill(6, CONVERSATIONS // 6, messages=500, drafts=250)
        yield found
        server.execute("DROP DATABASE upgrade WITH (FORCE)")


def wait_for(condition: Callable[[], object], words: str) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, words
        time.sleep(0.02)


def test_a_killed_upgrade_goes_on_where_it_stopped(database: Database) -> None:
    process = database.start()
    read_until(process, r"^ +search: 1,\d00 of 3,000 conversations$")
    process.kill()
    process.communicate()
    done = database.value(TITLES)
    assert 1000 <= done < CONVERSATIONS
    newest = database.value("SELECT max(id) FROM chat_searchentry")
    # A process of the old version goes on writing.
    database.fill(0, 1)
    database.value("UPDATE chat_conversation SET title = 'Renamed' RETURNING 1")

    said = database.migrate()
    assert "search: 500 of 500 messages" in said
    assert database.value(TITLES) == CONVERSATIONS + 6
    assert database.value("SELECT count(*) FROM chat_searchentry WHERE id <= %s", newest) == done
    assert database.value("SELECT count(DISTINCT message_id) FROM chat_searchentry") == 500
    assert database.value("SELECT count(DISTINCT client_id) FROM chat_draft") == 250
    assert "No migrations to apply" in database.migrate()


def test_progress_counts_what_an_earlier_run_did(database: Database) -> None:
    process = database.start()
    read_until(process, r"search: 2,\d00 of 3,000 conversations")
    process.kill()
    process.communicate()
    done = database.value(TITLES)
    process = database.start()
    first = read_until(process, r"search: .* of 3,000 conversations").split()
    assert int(first[-4].replace(",", "")) == done + 100
    lines = process.communicate()[0].splitlines()
    assert sum("3,000 of 3,000 conversations" in line for line in lines) == 1
    assert process.returncode == 0


def test_a_statement_may_take_longer_than_the_site_allows(database: Database) -> None:
    """The settings of this test give the site one second."""
    with database.connect() as server:
        server.execute(SLOW_RECORD)
    database.migrate("chat", "0004")
    recorded = "SELECT count(*) FROM django_migrations WHERE name = '0004_search'"
    assert database.value(recorded) == 1


def test_a_locked_table_is_waited_for_and_nobody_queues_for_long(database: Database) -> None:
    with closing(database.connect(autocommit=False)) as holder:
        holder.execute("UPDATE chat_conversation SET version = version")
        process = database.start()
        read_until(process, LOCKED)
        # Whoever writes meanwhile waits for one try at most.
        with database.connect(options="-c lock_timeout=5s") as writer:
            writer.execute(
                "INSERT INTO chat_conversation (id, title, title_is_own, next_seq, version,"
                " owner_id) SELECT uuidv7(), '', false, 1, 0, id FROM accounts_user LIMIT 1"
            )
        read_until(process, LOCKED)
        holder.commit()
    assert process.communicate()[0].rstrip().endswith("OK")
    assert process.returncode == 0


def test_a_table_that_stays_locked_ends_it_with_a_sentence(database: Database) -> None:
    with closing(database.connect(autocommit=False)) as holder:
        holder.execute("UPDATE chat_conversation SET version = version")
        process = database.start(values={"TEST_LOCK_TRIES": "2"})
        said = process.communicate()[0]
    assert process.returncode == 1
    assert "Find the session in pg_stat_activity" in said
    assert "Traceback" not in said


def test_text_that_changes_meanwhile_is_found_as_it_became(database: Database) -> None:
    database.migrate("chat", "0004")
    with database.connect() as server:
        found = server.execute("SELECT id FROM chat_message ORDER BY id LIMIT 50").fetchall()
    (first,), *_, (last,) = found
    with closing(database.connect(autocommit=False)) as writer, ThreadPoolExecutor() as threads:
        writer.execute(NEW_TEXT, ["a green whale", last])
        process = database.start()
        wait_for(lambda: database.value(WAITING) == 1, "the batch did not come to the row")
        # This one changes a row of the batch, which has not ended.
        other = threads.submit(database.value, f"{NEW_TEXT} RETURNING 1", "a blue whale", first)
        wait_for(lambda: database.value(WAITING) == 2, "the change did not meet the batch")
        writer.commit()
        assert other.result() == 1
    assert process.communicate()[0].rstrip().endswith("OK")
    for message, colour in ((first, "blue"), (last, "green")):
        with database.connect() as server:
            rows = server.execute(WORDS, [message]).fetchall()
        assert [(colour in words, "balloons" in words) for (words,) in rows] == [(True, False)]


def test_a_kill_while_an_index_is_built_leaves_nothing_in_the_way(database: Database) -> None:
    reader = database.connect(
        autocommit=False, options="-c default_transaction_isolation=repeatable\\ read"
    )
    with closing(reader):
        reader.execute("SELECT 1")  # an index is valid once nobody sees the table as it was before
        process = database.start()
        index = "conversation_written"
        wait_for(lambda: database.value(INVALID, index) is False, "no index is being built")
        process.kill()
        process.communicate()
        building = "SELECT count(*) FROM pg_stat_progress_create_index"
        wait_for(lambda: database.value(building) == 0, "the server goes on without its client")
        assert database.value(INVALID, index) is False
    database.migrate()
    for name in ("conversation_written", "message_children", "message_first"):
        assert database.value(INVALID, name) is True


def test_an_index_that_others_left_invalid_is_made_again(database: Database) -> None:
    database.migrate("chat", "0005")
    with pytest.raises(psycopg.errors.UniqueViolation), database.connect() as server:
        server.execute("CREATE UNIQUE INDEX CONCURRENTLY message_children ON chat_message (role)")
    database.migrate()
    made = database.value("SELECT indexdef FROM pg_indexes WHERE indexname = 'message_children'")
    assert made.startswith("CREATE INDEX message_children")
    assert made.endswith("(parent_id) WHERE (parent_id IS NOT NULL)")


def test_an_upgrade_can_be_taken_back(database: Database) -> None:
    database.migrate()
    database.migrate(*FIRST_SCHEMA)
    database.migrate()
    assert database.value(TITLES) == CONVERSATIONS


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("app", ["accounts", "chat"])
def test_what_is_not_one_transaction_can_be_repeated(app: str) -> None:
    """A kill may come when everything is done and nothing recorded."""
    loader = MigrationLoader(connection)
    found = [key for key in loader.graph.nodes if key[0] == app]
    for key in found:
        migration: migrations.Migration = loader.graph.nodes[key]
        if not migration.atomic:
            with connection.schema_editor(atomic=False) as editor:
                migration.apply(loader.project_state(key, at_end=False), editor)
    assert found
