"""Own background tasks. The event loop keeps only weak references to the tasks that it runs."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class TaskSet:
    """The running tasks of one owner. Each task leaves the set when it ends."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def __iter__(self) -> Iterator[asyncio.Task[Any]]:
        return iter(self._tasks)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task on the running event loop and return it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def shielded(
        self, function: Callable[P, Coroutine[Any, Any, T]]
    ) -> Callable[P, Coroutine[Any, Any, T]]:
        """Decorate an async function that must run to its end even if its caller is cancelled.

        The caller's own cancellation goes through as usual.
        """

        @wraps(function)
        async def run(*args: P.args, **kwargs: P.kwargs) -> T:
            return await asyncio.shield(self.start(function(*args, **kwargs)))

        return run
