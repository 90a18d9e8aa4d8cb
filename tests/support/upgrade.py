"""Upgrade from the first schema. By hand: `python -m tests.support.upgrade 600 [an old checkout]`.

By hand it fills a database of its own with 500 people who have so many conversations each, runs
`migrate`, kills it with -9 half way, and runs it again. An old checkout makes the schema with its
own `migrate`; without one the first two migrations of this one do.
"""

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import environ
import psycopg

from launcher.postgres import Cluster
from tests.support.site import ROOT, environment

FIRST_SCHEMA = ("chat", "0002")
PEOPLE = """
INSERT INTO accounts_user (password, is_superuser, id, email, is_staff, is_active, date_joined)
SELECT '!', false, gen_random_uuid(), 'person' || n || '@example.org', false, true, now()
FROM generate_series(1, %s) n
"""
CONVERSATIONS = """
INSERT INTO chat_conversation (id, title, title_is_own, next_seq, version, owner_id)
SELECT uuidv7(), 'How do I grow tomatoes on balcony ' || n || '?', false, 1, 0, u.id
FROM accounts_user u, generate_series(1, %s) n
"""
MESSAGES = """
INSERT INTO chat_message (id, conversation_id, parent_id, seq, role, status, text, html, renderer,
    finish_reason, error_code, feedback_reason)
SELECT uuidv7(), c.id, NULL, 1, 'user', 'complete', 'What do balloons weigh?', '', 0, '', '', ''
FROM chat_conversation c ORDER BY c.id LIMIT %s
"""
DRAFTS = """
INSERT INTO chat_draft (id, owner_id, conversation_id, text)
SELECT uuidv7(), owner_id, id, 'half a thought' FROM chat_conversation ORDER BY id LIMIT %s
"""
TITLES = "SELECT count(*) FROM chat_searchentry WHERE message_id IS NULL"


class Database:
    """A database at an old schema, and `migrate` as a process that may be killed."""

    def __init__(self, url: str, settings: str = "tests.support.upgrade_settings") -> None:
        self.url, self.settings = url, settings
        found = environ.Env.db_url_config(url)
        names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
        self.place: dict[str, Any] = {ours: found[name] for ours, name in names.items()}

    def connect(self, **options: Any) -> psycopg.Connection[Any]:
        return psycopg.connect(**{"autocommit": True} | self.place | options)

    def value(self, query: str, *values: object) -> Any:
        with self.connect() as connection:
            row = connection.execute(query, values).fetchone()
        return row and row[0]

    def fill(self, people: int, each: int, messages: int = 0, drafts: int = 0) -> None:
        with self.connect() as connection:
            connection.execute(PEOPLE, [people])
            connection.execute(CONVERSATIONS, [each])
            connection.execute(MESSAGES, [messages])
            connection.execute(DRAFTS, [drafts])

    def start(
        self, *target: str, root: Path = ROOT, values: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start `manage.py migrate`; its output and its errors come through one pipe."""
        return subprocess.Popen(
            [sys.executable, "manage.py", "migrate", "--noinput", *target],
            cwd=root,
            env=environment(
                DATABASE_URL=self.url,
                SECRET_KEY="tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
                DJANGO_SETTINGS_MODULE=self.settings,
                **values or {},
            ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def migrate(self, *target: str, root: Path = ROOT) -> str:
        """Run `migrate` to its end and return what it said; AssertionError if it fails."""
        process = self.start(*target, root=root)
        said = process.communicate()[0]
        assert process.returncode == 0, said
        return said


def read_until(process: subprocess.Popen[str], pattern: str) -> str:
    """Read a process's lines up to one that matches; AssertionError if it ends before."""
    said = ""
    for line in process.stdout or ():
        said += line
        if re.search(pattern, line):
            return said
    raise AssertionError(f"{pattern!r} did not come:\n{said}")


def main(each: int, checkout: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "postgres") as cluster:
            database = Database(cluster.url("chat"), "config.settings")
            database.migrate(*FIRST_SCHEMA, root=checkout)
            database.fill(500, each)
            upgrade(database, 500 * each)


def upgrade(database: Database, conversations: int) -> None:
    """Migrate, kill it when half of the titles are done, migrate again, and print the times."""
    begun = time.monotonic()
    process = database.start()
    for line in process.stdout or ():
        print(line, end="")
        found = re.search(r"search: ([\d,]+) of", line)
        if found and int(found[1].replace(",", "")) > conversations / 2:
            break
    process.kill()
    print(f"killed after {time.monotonic() - begun:.1f} s: exit code {process.wait()}")
    begun = time.monotonic()
    print(database.migrate())
    print(f"ended after {time.monotonic() - begun:.1f} s: {database.value(TITLES):,} title rows")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2] if sys.argv[2:] else ROOT))
