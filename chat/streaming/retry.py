"""Work that goes on: tried again while the database is away, or next time after any failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from django.db.utils import InterfaceError, InternalError, OperationalError

from core.logging import OutageLogger

log = logging.getLogger("chat.streaming")

# What another moment may change. What the database has against a statement itself (`DataError`,
# `IntegrityError`, `ProgrammingError`) stays the same however often it is tried.
RETRYABLE_ERRORS = (OperationalError, InterfaceError, InternalError)
# Seconds between attempts, and for how long: text that is not saved yet is worth the memory.
MIN_PAUSE, MAX_PAUSE = 0.2, 4.0
RETRY_SECONDS = 600.0

T = TypeVar("T")


async def retry_while_unavailable(
    work: Callable[[], Awaitable[T]], name: str, seconds: float = RETRY_SECONDS
) -> T:
    """Do this, and again while the database is away. Raises what the last attempt raised, and at
    once what no other attempt would change."""
    loop = asyncio.get_running_loop()
    until, pause, trouble = (
        loop.time() + seconds,
        MIN_PAUSE,
        OutageLogger(log, name, RETRYABLE_ERRORS),
    )
    while True:
        try:
            done = await work()
        except RETRYABLE_ERRORS as problem:
            trouble.record_failure(problem)
            if loop.time() > until:
                raise
        else:
            trouble.record_success()
            return done
        await asyncio.sleep(pause)
        pause = min(MAX_PAUSE, 2 * pause)


async def run_guarded(
    work: Callable[[], Coroutine[object, object, object]], trouble: OutageLogger
) -> Exception | None:
    """A clock goes on when one round fails, in whatever way; what this one failed with."""
    try:
        await work()
    except Exception as problem:
        trouble.record_failure(problem)
        return problem
    trouble.record_success()
    return None
