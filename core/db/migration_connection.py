"""The database connection of `manage.py migrate`, and its retries while a table is locked.

The site's connections cancel a statement after 15 s, too early for long migrations. A migration may
run as long as it needs, but stops waiting for a lock after two seconds: all other sessions that
need the table queue behind the one that waits.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.core.management import CommandError
from django.db import DatabaseError, OperationalError, connections
from psycopg import errors

T = TypeVar("T")

LOCKED = (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)
LONGEST_PAUSE = 10.0  # seconds


def print_line(line: str) -> None:
    """Print a progress line at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a command talks to its terminal


# Prints one progress line; `manage.py migrate` sets its own function.
report: ContextVar[Callable[[str], None]] = ContextVar("report", default=print_line)


@contextmanager
def migration_connection(alias: str) -> Iterator[None]:
    """Use a connection with `MIGRATION_OPTIONS` for `alias` on this thread, in this block."""
    site_connection: Any = connections[alias]
    site_connection.close()
    migration = site_connection.copy()
    options = {
        name: value for name, value in migration.settings_dict["OPTIONS"].items() if name != "pool"
    }
    # PostgreSQL uses the last `-c` for a setting.
    options["options"] = f"{options.get('options', '')} {settings.MIGRATION_OPTIONS}".strip()
    migration.settings_dict["OPTIONS"] = options
    connections[alias] = migration
    try:
        end_statements_of_dead_clients(migration)
        yield
    finally:
        migration.close()
        connections[alias] = site_connection


def end_statements_of_dead_clients(connection: Any) -> None:
    """Make the server cancel a statement soon after its client was killed, if it supports that.

    Otherwise the statement would run on and hold its locks while the next run waits for them. This
    is no connection option, because a server whose system lacks it would refuse the connection.
    """
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '1s'")


def retry_while_locked(work: Callable[[], T]) -> T:
    """Call `work`, and repeat it while a lock of another session makes it fail.

    `work` has to be safe to repeat. Raises CommandError after `MIGRATION_LOCK_TRIES` tries.
    """
    pause = 0.5
    for _ in range(settings.MIGRATION_LOCK_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, LOCKED):
                raise
        report.get()(f"Another session has locked a table. Trying again in {pause:g} s.")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    try:
        return work()
    except OperationalError as error:
        if not isinstance(error.__cause__, LOCKED):
            raise
        raise CommandError(
            "The migration stopped because another session keeps a table locked. Find the session "
            "in pg_stat_activity, end it and run migrate again. It resumes where it stopped."
        ) from error
