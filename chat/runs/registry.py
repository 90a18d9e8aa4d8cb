"""All runs of this process, and the clocks that save, sweep and drain them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from uuid import UUID, uuid4

from django.conf import settings
from django.db import DatabaseError
from django.db.utils import InterfaceError

from chat.broadcast import broadcast
from chat.conversations import closing, keeping
from chat.conversations.leases import LEASE, Held, save
from chat.conversations.turns import Turn
from chat.errors import ChatError
from chat.events import Changed, Event, StopAsked, What
from chat.generation import LiveAnswer
from chat.generation.pace import pace
from chat.models import Status
from chat.runs.job import Job
from config.threads import in_db

log = logging.getLogger("chat.runs")

SAVE_EVERY = 0.25
SWEEP_EVERY = 3.0
PURGE_EVERY = 3600.0


class Runs:
    """Used from the event loop of the process. `process` names this process in leases."""

    def __init__(self) -> None:
        self.process = uuid4()
        self.jobs: dict[UUID, Job] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.began = False
        self.draining = False

    def begin(self) -> None:
        """Start the clocks, once, on the running loop."""
        if self.began:
            return
        self.began = True
        broadcast.start()
        broadcast.listeners.add(self.heard)
        for clock in (self.save_clock, self.sweep_clock, self.purge_clock, pace.measure):
            self.keep(clock())

    def keep(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Own a task: a strong reference for as long as it runs."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def accept(self) -> None:
        """Raises ChatError `restarting` when this process takes no new work."""
        if self.draining:
            raise ChatError("restarting")

    def start(self, owner_id: UUID, turn: Turn) -> LiveAnswer | None:
        """Begin to write the answer of a turn that is committed; None when it was begun before."""
        self.begin()
        if turn.run is None:
            return None
        job = Job(owner_id, turn, turn.run)
        self.jobs[turn.answer.pk] = job
        job.task = self.keep(self.watch_over(job))
        self.announce(job, What.THREAD, What.MOVED)
        return job.answer

    async def watch_over(self, job: Job) -> None:
        try:
            await job.work()
        finally:
            self.jobs.pop(job.message.pk, None)
            self.announce(job, What.THREAD, What.ROW)

    def announce(self, job: Job, *whats: What) -> None:
        for what in whats:
            broadcast.announce(Changed(job.owner_id, job.answer.conversation_id, what))

    def answer(self, message_id: UUID) -> LiveAnswer | None:
        """The answer, if this process writes it."""
        job = self.jobs.get(message_id)
        return job.answer if job else None

    def heard(self, event: Event) -> None:
        if isinstance(event, StopAsked):
            self.stop(event.run_id)

    def stop(self, run_id: UUID) -> None:
        for job in self.jobs.values():
            if job.run.pk == run_id:
                job.cancel(Status.STOPPED)

    # Clocks
    async def save_clock(self) -> None:
        while True:
            await asyncio.sleep(SAVE_EVERY)
            await survive(self.save, "saving")

    async def save(self) -> None:
        """Append what came since the last time, renew leases, hear of stops: one statement."""
        jobs = {job.run.pk: job for job in self.jobs.values()}
        if not jobs:
            return
        pieces = [piece for job in jobs.values() if (piece := job.take_unsaved())]
        held = await in_db(save, self.process, list(jobs), pieces)
        for piece in pieces:
            jobs[piece.run_id].was_saved(piece)
        self.obey(jobs, held)

    def obey(self, jobs: dict[UUID, Job], held: Held) -> None:
        for key, job in jobs.items():
            if key in held.stops:
                job.cancel(Status.STOPPED)
            elif key not in held.runs:
                job.cancel("")

    async def sweep_clock(self) -> None:
        """End what dead processes left; after the database was away wait one full lease first."""
        while True:
            if not await survive(self.sweep, "sweeping"):
                await asyncio.sleep(LEASE.total_seconds())
            await asyncio.sleep(SWEEP_EVERY)

    async def sweep(self) -> None:
        for ended in await in_db(closing.sweep):
            log.warning("answer %s was interrupted: its process is gone", ended.message_id)
            for what in (What.THREAD, What.ROW):
                broadcast.announce(Changed(ended.owner_id, ended.conversation_id, what))

    async def purge_clock(self) -> None:
        while True:
            await survive(self.purge, "purging")
            await asyncio.sleep(PURGE_EVERY)

    async def purge(self) -> None:
        await in_db(keeping.purge)

    async def drain(self, seconds: float | None = None) -> None:
        """Take no new work, let answers finish, then mark the rest as interrupted."""
        self.draining = True
        if self.jobs:
            log.info("draining: %d answers are being written", len(self.jobs))
        await self.idle(settings.DRAIN_SECONDS if seconds is None else seconds)
        for job in list(self.jobs.values()):
            job.cancel(Status.INTERRUPTED)
        await self.idle(5)

    async def idle(self, seconds: float) -> None:
        """Wait until no answer is being written, or for this long."""
        writing = {job.task for job in self.jobs.values() if job.task is not None}
        if writing:
            await asyncio.wait(writing, timeout=seconds)


async def survive(work: Callable[[], Coroutine[object, object, None]], name: str) -> bool:
    """A clock goes on when one round fails; whether this one went well."""
    try:
        await work()
    except (DatabaseError, InterfaceError) as problem:
        log.warning("%s failed: %s", name, type(problem).__name__)
        return False
    return True


runs = Runs()
