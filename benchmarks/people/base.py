"""The interface of all simulated people."""

from typing import Protocol

from benchmarks.seen import SeenAnswer


class Person(Protocol):
    """`open` loads the page and opens its socket; `ask` gets answers in one conversation."""

    async def open(self) -> None: ...

    async def ask(self, question: str) -> SeenAnswer: ...

    def close(self) -> None: ...
