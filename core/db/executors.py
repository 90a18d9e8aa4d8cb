"""Run database work from the event loop on a bounded number of threads.

Channels' `database_sync_to_async` runs the work of all sockets of a process on one thread, so one
slow query would block them all. Work that keeps answers alive has threads of its own, so that slow
queries cannot let a lease expire. Each thread keeps a connection: taking one from the pool for
every call costs more than most of the calls. The pool is for requests, whose threads come and go.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import tzinfo
from functools import partial
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, close_old_connections, connections
from django.utils import timezone, translation

from core.db.connection import KeptConnection, kept_settings
from core.db.errors import DATABASE_ERRORS, is_conflict
from core.db.outages import database

P = ParamSpec("P")
T = TypeVar("T")

# Seconds to wait before a transaction is repeated after a conflict.
CONFLICT_PAUSE = 0.1
# The language and the time zone of the person whose work it is.
Locale = tuple[str | None, tzinfo]


class DatabaseThreads:
    """A few threads, each with a database connection of its own."""

    def __init__(self, count: int, name: str) -> None:
        self._executor = ThreadPoolExecutor(count, name)

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call `work` on one of the threads and return its result.

        Cancelling the caller only ends the wait: `work` continues to its end, because a running
        statement cannot be interrupted.
        """
        # A copied context does not carry these over: Django keeps them in asgiref's locals, which
        # are empty on a thread that asgiref did not start.
        locale = translation.get_language(), timezone.get_current_timezone()
        call = partial(run_on_own_connection, locale, work, *args, **kwargs)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, copy_context().run, call)


# Threads that wait for the GIL slow down all others: four threads were 10 % faster than eight. Four
# are enough to go on while one of them runs a slow statement.
run_in_db = DatabaseThreads(4, "db").run
# Reserved for saving and finishing answers.
run_in_db_priority = DatabaseThreads(2, "db-first").run


def run_on_own_connection(
    locale: Locale, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T:
    """Call `work` on this thread's own connection, and report an outage to the monitor."""
    language, zone = locale
    dedicate_connection()
    try:
        with translation.override(language), timezone.override(zone):
            return repeat_conflict(work, *args, **kwargs)
    except DATABASE_ERRORS as error:
        database.note(error)
        raise
    finally:
        close_old_connections()


def repeat_conflict(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work`, and repeat it once after a conflict with another transaction.

    PostgreSQL has then rolled it back. All work that is run here is safe to repeat: it is one
    transaction, or each of its statements has a guard (a `client_id`, a state, a position).
    """
    try:
        return work(*args, **kwargs)
    except OperationalError as error:
        if not is_conflict(error):
            raise
    # Without a pause it would take the same locks again before the other transaction wakes up.
    time.sleep(CONFLICT_PAUSE)
    return work(*args, **kwargs)


def dedicate_connection() -> None:
    """Replace this thread's pooled database connection by one of its own."""
    pooled: Any = connections[DEFAULT_DB_ALIAS]
    if "pool" not in pooled.settings_dict["OPTIONS"]:
        return
    pooled.close()
    connections[DEFAULT_DB_ALIAS] = KeptConnection(kept_settings(pooled), DEFAULT_DB_ALIAS)
