"""What every person can do."""

from typing import Protocol

from benchmarks.seen import Seen


class Person(Protocol):
    """`open` brings the page and its socket, `ask` one answer, in the same conversation."""

    async def open(self) -> None: ...

    async def ask(self, question: str) -> Seen: ...

    def close(self) -> None: ...
