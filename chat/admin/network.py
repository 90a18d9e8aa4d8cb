"""Ask model servers from the pages of the admin.

Such a page runs on a thread of its own, so it may wait: the request has an event loop of its own,
and the page's database connection goes back to the pool meanwhile.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from django.db import connection

from chat.llm.providers import close_idle_connections

T = TypeVar("T")


def call_server(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` to its end; raises its exceptions. Not in a transaction, which would be held."""
    if not connection.in_atomic_block:
        connection.close()
    return asyncio.run(run_and_close(work))


async def run_and_close(work: Coroutine[Any, Any, T]) -> T:
    """Close the connections of this event loop before it ends."""
    try:
        return await work
    finally:
        await close_idle_connections()
