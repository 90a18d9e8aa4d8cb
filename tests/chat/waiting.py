"""Waiting for what somebody else does."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(look: Callable[[], T], seconds: float = 15.0, pause: float = 0.02) -> T:
    """The first true thing that `look` gives. Raises AssertionError at the deadline."""
    until = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(pause)
    return found
