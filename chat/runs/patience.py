"""Database work that is tried again while the database is away."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.db import DatabaseError
from django.db.utils import InterfaceError

log = logging.getLogger("chat.runs")

AWAY = (DatabaseError, InterfaceError)
# Seconds between attempts, and for how long: text that is not saved yet is worth the memory.
SOONEST, LATEST = 0.2, 4.0
PATIENCE = 600.0

T = TypeVar("T")


async def patiently(work: Callable[[], Awaitable[T]], name: str, seconds: float = PATIENCE) -> T:
    """Do this, and again while the database is away. Raises what the last attempt raised."""
    loop = asyncio.get_running_loop()
    until, pause = loop.time() + seconds, SOONEST
    while True:
        try:
            return await work()
        except AWAY as problem:
            if loop.time() > until:
                raise
            log.warning("%s not done yet: %s", name, type(problem).__name__)
        await asyncio.sleep(pause)
        pause = min(LATEST, 2 * pause)
