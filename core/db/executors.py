"""Database work from the event loop, off the loop and on a bounded number of threads.

`database_sync_to_async` as it comes puts every socket of a process on one thread, so that one slow
query holds them all. What keeps answers alive has threads of its own: slow queries may not let a
lease lapse. Each thread keeps a connection, since taking one from the pool for each piece of work
costs more than most of the work; the pool is for requests, whose threads come and go.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, ParamSpec, TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, close_old_connections, connections
from django.utils import timezone, translation

from core.db.connection import KeptConnection, kept_settings
from core.db.errors import DATABASE_ERRORS, is_conflict
from core.db.outages import database

P = ParamSpec("P")
T = TypeVar("T")

# Seconds before a transaction that lost a conflict is repeated.
CONFLICT_PAUSE = 0.1
# Each thread that waits for the interpreter's lock makes all others slower: four did 10 % better
# than eight. Enough of them are left when one statement is slow.
_executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="db")
_first = ThreadPoolExecutor(max_workers=2, thread_name_prefix="db-first")


async def run_in_db(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on a thread that has a database connection of its own.

    A cancelled caller stops waiting; the work itself ends on its own, as a statement has to.
    """

    # Of whom this is for. A copied context does not bring them: asgiref's locals, which hold them,
    # show nothing to a thread that asgiref itself did not hand them to.
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def run() -> T:
        with translation.override(language), timezone.override(zone):
            return on_own_connection(work, *args, **kwargs)

    in_context = copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_executor, in_context, run)


async def run_in_db_priority(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on one of the threads that only save and close answers."""

    def run() -> T:
        return on_own_connection(work, *args, **kwargs)

    in_context = copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_first, in_context, run)


def on_own_connection(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on this thread's own connection, and have an outage logged."""
    dedicate_connection()
    try:
        return repeat_conflict(work, *args, **kwargs)
    except DATABASE_ERRORS as problem:
        database.note(problem)
        raise
    finally:
        close_old_connections()


def repeat_conflict(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work`, and once more if another transaction won against it.

    PostgreSQL has rolled it back then. All work that comes here may be repeated: it is one
    transaction, or each of its statements has a guard (a `client_id`, a state, a place).
    """
    try:
        return work(*args, **kwargs)
    except OperationalError as problem:
        if not is_conflict(problem):
            raise
    # At once, it would take the same locks again before the other transaction wakes up.
    time.sleep(CONFLICT_PAUSE)
    return work(*args, **kwargs)


def dedicate_connection() -> None:
    """Give this thread a database connection that is not the pool's."""
    shared: Any = connections[DEFAULT_DB_ALIAS]
    if "pool" not in shared.settings_dict["OPTIONS"]:
        return
    shared.close()
    connections[DEFAULT_DB_ALIAS] = KeptConnection(kept_settings(shared), DEFAULT_DB_ALIAS)
