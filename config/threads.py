"""Database work from the event loop, off the loop and on a bounded number of threads.

`database_sync_to_async` as it comes puts every socket of a process on one thread, so that one slow
query holds them all. What keeps answers alive has threads of its own: slow queries may not let a
lease lapse. Each thread keeps a connection, since taking one from the pool for each piece of work
costs more than most of the work; the pool is for requests, whose threads come and go.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from django.conf import settings as project
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.utils import timezone, translation

from config.database import KeptConnection

P = ParamSpec("P")
T = TypeVar("T")

# Each thread that waits for the interpreter's lock makes all others slower: four did 10 % better
# than eight. Enough of them are left when one statement is slow.
_executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="db")
_first = ThreadPoolExecutor(max_workers=2, thread_name_prefix="db-first")
_renewing = Lock()


async def in_db(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on a thread that has a database connection of its own.

    A cancelled caller stops waiting; the work itself ends on its own, as a statement has to.
    """

    # Of whom this is for. A copied context does not bring them: asgiref's locals, which hold them,
    # show nothing to a thread that asgiref itself did not hand them to.
    language, zone = translation.get_language(), timezone.get_current_timezone()

    def run() -> T:
        own_connection()
        try:
            with translation.override(language), timezone.override(zone):
                return work(*args, **kwargs)
        finally:
            close_old_connections()

    in_context = copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_executor, in_context, run)


async def in_db_first(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on one of the threads that only save and close answers."""

    def run() -> T:
        own_connection()
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    in_context = copy_context().run
    return await asyncio.get_running_loop().run_in_executor(_first, in_context, run)


def own_connection() -> None:
    """Give this thread a database connection that is not the pool's."""
    shared: Any = connections[DEFAULT_DB_ALIAS]
    if "pool" not in shared.settings_dict["OPTIONS"]:
        return
    options = dict(shared.settings_dict["OPTIONS"])
    del options["pool"]
    settings = shared.settings_dict | {"OPTIONS": options, "CONN_MAX_AGE": project.KEEP_CONNECTION}
    shared.close()
    connections[DEFAULT_DB_ALIAS] = KeptConnection(settings, DEFAULT_DB_ALIAS)


def fresh_pool() -> None:
    """Let go of the pool: one that has seen the database go away may not recover by itself.

    Connections that are in use are closed when they come back. To be called from a thread that has
    no connection of its own.
    """
    pooled: Any = connections[DEFAULT_DB_ALIAS]
    with _renewing:
        pooled.close_pool()
