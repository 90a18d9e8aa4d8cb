"""The database connection of `manage.py migrate`, and what to do while a table is locked.

The site's connections end a statement after 15 s, which would end a long migration every time. A
migration may run for as long as it needs, but gives up waiting for a lock after two seconds: all
other sessions that need the same table queue behind the one that waits.
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
    """Print a line for the person who waits, at once."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - a command talks to its terminal


# Takes one line for the person who waits; `manage.py migrate` puts its own function here.
report: ContextVar[Callable[[str], None]] = ContextVar("report", default=print_line)


@contextmanager
def migration_connection(alias: str) -> Iterator[None]:
    """Replace this thread's connection to `alias` by one with `MIGRATION_OPTIONS`, for a block."""
    site: Any = connections[alias]
    site.close()
    own = site.copy()
    options = {
        name: value for name, value in own.settings_dict["OPTIONS"].items() if name != "pool"
    }
    # The last `-c` of a name counts.
    options["options"] = f"{options.get('options', '')} {settings.MIGRATION_OPTIONS}".strip()
    own.settings_dict["OPTIONS"] = options
    connections[alias] = own
    try:
        end_statements_of_dead_clients(own)
        yield
    finally:
        own.close()
        connections[alias] = site


def end_statements_of_dead_clients(connection: Any) -> None:
    """Make the server end a statement soon after its client was killed, where it can.

    Otherwise it would finish, and hold its locks, while the next run is waiting for them. Not an
    option of the connection: a server on a system that cannot do it would refuse to connect.
    """
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SET client_connection_check_interval = '1s'")


def retry_while_locked(work: Callable[[], T]) -> T:
    """Call `work`, again and again while a lock of another session stops it.

    `work` has to be safe to repeat. Raises CommandError after `MIGRATION_LOCK_TRIES` tries.
    """
    pause = 0.5
    for _ in range(settings.MIGRATION_LOCK_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if not isinstance(error.__cause__, LOCKED):
                raise
        report.get()(f"Another session has locked a table; trying again in {pause:g} s")
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    try:
        return work()
    except OperationalError as error:
        if not isinstance(error.__cause__, LOCKED):
            raise
        raise CommandError(
            "The migration stopped: another session keeps a table locked. pg_stat_activity shows "
            "the sessions; end that one and run migrate again, which goes on where it stopped."
        ) from error
