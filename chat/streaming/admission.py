"""Who may write now: so many answers at once for a process and a person; others wait in line."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

# Told whenever it changes: the place in line from 1, 0 when it is one's turn.
PositionListener = Callable[[int], None]


@dataclass(eq=False, slots=True)
class Waiter:
    person: UUID
    told: PositionListener
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    place: int = 0

    def tell(self, place: int) -> None:
        if place != self.place:
            self.place = place
            self.told(place)


class FairQueue:
    """Seats people by turns: who has few answers running comes before who has many.

    `seats` and `each` (for one person) limit the answers that are written at once; None is no
    limit. Used from one event loop.
    """

    def __init__(self, seats: int | None = None, each: int | None = None) -> None:
        self.seats = seats
        self.each = each
        self.seated: Counter[UUID] = Counter()
        self.waiting: list[Waiter] = []

    @asynccontextmanager
    async def seat(self, person: UUID, told: PositionListener) -> AsyncIterator[None]:
        """Wait for a seat and hold it."""
        waiter = Waiter(person, told)
        self.waiting.append(waiter)
        self.advance()
        try:
            await waiter.turn.wait()
            yield
        finally:
            self.leave(waiter)

    def leave(self, waiter: Waiter) -> None:
        if waiter.turn.is_set():
            self.seated[waiter.person] -= 1
            if not self.seated[waiter.person]:
                del self.seated[waiter.person]
        else:
            self.waiting.remove(waiter)
        self.advance()

    def advance(self) -> None:
        """Give free seats away and tell the others where they stand."""
        while (waiter := self.next()) is not None:
            self.waiting.remove(waiter)
            self.seated[waiter.person] += 1
            waiter.turn.set()
            waiter.tell(0)
        for place, waiter in enumerate(self.order(), start=1):
            waiter.tell(place)

    def next(self) -> Waiter | None:
        if self.seats is not None and self.seated.total() >= self.seats:
            return None
        return next((waiter for waiter in self.order() if self.may(waiter.person)), None)

    def may(self, person: UUID) -> bool:
        return self.each is None or self.seated[person] < self.each

    def order(self) -> list[Waiter]:
        """First everybody's next answer, then everybody's one after it, and so on."""
        rounds = Counter(self.seated)
        found: list[tuple[int, int, Waiter]] = []
        for arrival, waiter in enumerate(self.waiting):
            found.append((rounds[waiter.person], arrival, waiter))
            rounds[waiter.person] += 1
        return [waiter for *_, waiter in sorted(found, key=lambda item: item[:2])]
