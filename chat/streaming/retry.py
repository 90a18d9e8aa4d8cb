"""Work that goes on: tried again while the database is away, or next time after any failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from django.db.utils import InterfaceError, InternalError, OperationalError

from core.logging import Trouble

log = logging.getLogger("chat.streaming")

# What another moment may change. What the database has against a statement itself (`DataError`,
# `IntegrityError`, `ProgrammingError`) stays the same however often it is tried.
AWAY = (OperationalError, InterfaceError, InternalError)
# Seconds between attempts, and for how long: text that is not saved yet is worth the memory.
SOONEST, LATEST = 0.2, 4.0
PATIENCE = 600.0

T = TypeVar("T")


async def patiently(work: Callable[[], Awaitable[T]], name: str, seconds: float = PATIENCE) -> T:
    """Do this, and again while the database is away. Raises what the last attempt raised, and at
    once what no other attempt would change."""
    loop = asyncio.get_running_loop()
    until, pause, trouble = loop.time() + seconds, SOONEST, Trouble(log, name, AWAY)
    while True:
        try:
            done = await work()
        except AWAY as problem:
            trouble.failed(problem)
            if loop.time() > until:
                raise
        else:
            trouble.over()
            return done
        await asyncio.sleep(pause)
        pause = min(LATEST, 2 * pause)


async def survive(
    work: Callable[[], Coroutine[object, object, object]], trouble: Trouble
) -> Exception | None:
    """A clock goes on when one round fails, in whatever way; what this one failed with."""
    try:
        await work()
    except Exception as problem:
        trouble.failed(problem)
        return problem
    trouble.over()
    return None
