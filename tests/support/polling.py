"""Waiting for what somebody else does."""

import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 15.0, pause: float = 0.02) -> T:
    """The first true thing that `look` gives. Raises AssertionError at the deadline."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(pause)
    return found


def wait_for_blocked(count: int) -> None:
    """Until so many statements of this database wait for a lock."""
    eventually(lambda: waiting_for_a_lock() >= count, seconds=10)


def waiting_for_a_lock() -> int:
    """How many statements of this database wait for a lock."""
    query = (
        "SELECT count(*) FROM (SELECT pg_stat_clear_snapshot()) AS fresh, pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with connection.cursor() as cursor:
        count: int = cursor.execute(query).fetchone()[0]
    return count
