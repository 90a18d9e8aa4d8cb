"""Several things at the same moment, each on a connection of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def together(*works: Callable[[], T]) -> list[T]:
    """What each of them gave; the first exception of any of them is raised."""
    line = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        try:
            line.wait(10)
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(30) for future in [pool.submit(run, work) for work in works]]
