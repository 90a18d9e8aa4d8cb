"""Limit the answers that are generated at once, for the process and for each user."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

# Called with the new position in the queue, from 1, and with 0 when the answer may start.
PositionListener = Callable[[int], None]


@dataclass(eq=False, slots=True)
class Waiter:
    """An answer that waits in the queue, or that was admitted."""

    user_id: UUID
    on_position: PositionListener
    admitted: asyncio.Event = field(default_factory=asyncio.Event)
    position: int = 0

    def report_position(self, position: int) -> None:
        """Tell the listener, if the position has changed."""
        if position != self.position:
            self.position = position
            self.on_position(position)


class FairQueue:
    """Admit users in turns: one with few running answers comes before one with many.

    `seats` limits the answers that run at once, `each` those of one user; None means no limit. Used
    from one event loop.
    """

    def __init__(self, seats: int | None = None, each: int | None = None) -> None:
        self.seats = seats
        self.each = each
        self.active: Counter[UUID] = Counter()
        self.waiting: list[Waiter] = []

    @asynccontextmanager
    async def slot(self, user_id: UUID, on_position: PositionListener) -> AsyncIterator[None]:
        """Wait for a free slot, and hold it."""
        waiter = Waiter(user_id, on_position)
        self.waiting.append(waiter)
        self.admit_waiting()
        try:
            await waiter.admitted.wait()
            yield
        finally:
            self.release(waiter)

    def release(self, waiter: Waiter) -> None:
        """Free the slot of an answer, or remove it from the queue."""
        if waiter.admitted.is_set():
            self.active[waiter.user_id] -= 1
            if not self.active[waiter.user_id]:
                del self.active[waiter.user_id]
        else:
            self.waiting.remove(waiter)
        self.admit_waiting()

    def admit_waiting(self) -> None:
        """Admit as many answers as there are free slots, and report the positions of the rest."""
        while (waiter := self.next_admissible()) is not None:
            self.waiting.remove(waiter)
            self.active[waiter.user_id] += 1
            waiter.admitted.set()
            waiter.report_position(0)
        for position, waiter in enumerate(self.in_fair_order(), start=1):
            waiter.report_position(position)

    def next_admissible(self) -> Waiter | None:
        if self.seats is not None and self.active.total() >= self.seats:
            return None
        return next(
            (waiter for waiter in self.in_fair_order() if self.has_free_slot(waiter.user_id)), None
        )

    def has_free_slot(self, user_id: UUID) -> bool:
        """Return whether a user may have one more answer running."""
        return self.each is None or self.active[user_id] < self.each

    def in_fair_order(self) -> list[Waiter]:
        """Return the queue in order: first each user's next answer, then the one after it, ..."""
        rounds = Counter(self.active)
        ranked: list[tuple[int, int, Waiter]] = []
        for arrival, waiter in enumerate(self.waiting):
            ranked.append((rounds[waiter.user_id], arrival, waiter))
            rounds[waiter.user_id] += 1
        return [waiter for *_, waiter in sorted(ranked, key=lambda item: item[:2])]
