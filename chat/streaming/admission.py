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
    user_id: UUID
    on_position: PositionListener
    admitted: asyncio.Event = field(default_factory=asyncio.Event)
    position: int = 0

    def report_position(self, place: int) -> None:
        if place != self.position:
            self.position = place
            self.on_position(place)


class FairQueue:
    """Seats people by turns: who has few answers running comes before who has many.

    `seats` and `each` (for one person) limit the answers that are written at once; None is no
    limit. Used from one event loop.
    """

    def __init__(self, seats: int | None = None, each: int | None = None) -> None:
        self.seats = seats
        self.each = each
        self.active: Counter[UUID] = Counter()
        self.waiting: list[Waiter] = []

    @asynccontextmanager
    async def slot(self, person: UUID, told: PositionListener) -> AsyncIterator[None]:
        """Wait for a seat and hold it."""
        waiter = Waiter(person, told)
        self.waiting.append(waiter)
        self.admit_waiting()
        try:
            await waiter.admitted.wait()
            yield
        finally:
            self.release(waiter)

    def release(self, waiter: Waiter) -> None:
        if waiter.admitted.is_set():
            self.active[waiter.user_id] -= 1
            if not self.active[waiter.user_id]:
                del self.active[waiter.user_id]
        else:
            self.waiting.remove(waiter)
        self.admit_waiting()

    def admit_waiting(self) -> None:
        """Give free seats away and tell the others where they stand."""
        while (waiter := self.next_admissible()) is not None:
            self.waiting.remove(waiter)
            self.active[waiter.user_id] += 1
            waiter.admitted.set()
            waiter.report_position(0)
        for place, waiter in enumerate(self.in_fair_order(), start=1):
            waiter.report_position(place)

    def next_admissible(self) -> Waiter | None:
        if self.seats is not None and self.active.total() >= self.seats:
            return None
        return next(
            (waiter for waiter in self.in_fair_order() if self.has_free_slot(waiter.user_id)), None
        )

    def has_free_slot(self, person: UUID) -> bool:
        return self.each is None or self.active[person] < self.each

    def in_fair_order(self) -> list[Waiter]:
        """First everybody's next answer, then everybody's one after it, and so on."""
        rounds = Counter(self.active)
        found: list[tuple[int, int, Waiter]] = []
        for arrival, waiter in enumerate(self.waiting):
            found.append((rounds[waiter.user_id], arrival, waiter))
            rounds[waiter.user_id] += 1
        return [waiter for *_, waiter in sorted(found, key=lambda item: item[:2])]
