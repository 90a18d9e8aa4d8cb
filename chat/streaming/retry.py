"""Repeat work while the database is away, and keep periodic work going after a failure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import TypeVar

from core.db.errors import RETRYABLE_ERRORS
from core.logging import FailureLogger

log = logging.getLogger("chat.streaming")

# Seconds between attempts, and how long to repeat them: unsaved text is worth its memory.
MIN_PAUSE, MAX_PAUSE = 0.2, 4.0
RETRY_SECONDS = 600.0

T = TypeVar("T")


async def retry_while_unavailable(
    work: Callable[[], Awaitable[T]], name: str, seconds: float = RETRY_SECONDS
) -> T:
    """Return `work()`, repeated while the database is away.

    Raises the error of the last attempt, and errors other than `RETRYABLE_ERRORS` at once.
    """
    loop = asyncio.get_running_loop()
    outages = FailureLogger(log, name)
    deadline, pause = loop.time() + seconds, MIN_PAUSE
    while True:
        try:
            result = await work()
        except RETRYABLE_ERRORS as error:
            outages.record_failure(error)
            if loop.time() > deadline:
                raise
        else:
            outages.record_success()
            return result
        await asyncio.sleep(pause)
        pause = min(MAX_PAUSE, 2 * pause)


async def run_guarded(
    work: Callable[[], Coroutine[object, object, object]], outages: FailureLogger
) -> Exception | None:
    """Do one round of a periodic task; log and return its exception, so that the task goes on."""
    try:
        await work()
    except Exception as error:
        outages.record_failure(error)
        return error
    outages.record_success()
    return None
