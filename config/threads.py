"""Database work from the event loop, off the loop and on a bounded number of threads.

`database_sync_to_async` as it comes puts every socket of a process on one thread, so that one slow
query holds them all.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Fewer than the pool's connections, so that requests always find one.
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="db")


async def in_db(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work` on a thread of its own with a database connection from the pool.

    A cancelled caller stops waiting; the work itself ends on its own, as a statement has to.
    """

    def run() -> T:
        try:
            return work(*args, **kwargs)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_executor, run)
