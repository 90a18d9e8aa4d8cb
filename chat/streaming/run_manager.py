"""All runs of this process, and the clocks that save, sweep and drain them."""

import asyncio
import logging
from collections.abc import Collection, Coroutine
from functools import partial
from typing import Any, TypeVar
from uuid import UUID, uuid4

from django.conf import settings

from accounts.sessions import inactive_users
from chat.errors import ChatError
from chat.events import AccountChanged, AnswerSubscribed, Changed, ChangeKind, Event, StopRequested
from chat.models import Status
from chat.pubsub import pubsub
from chat.services import conversation_actions, finish_run
from chat.services.leases import LEASE, HeldRuns, save_chunks
from chat.services.turns import Turn
from chat.streaming.job import Job, PreparedTurn
from chat.streaming.live_answer import LiveAnswer
from chat.streaming.remote_follower import remote_followers
from chat.streaming.retry import DATABASE_ERRORS, retry_while_unavailable, run_guarded
from chat.streaming.throttle import throttle
from core.db.executors import run_in_db, run_in_db_priority
from core.logging import OutageLogger

log = logging.getLogger("chat.streaming")

T = TypeVar("T")

SAVE_INTERVAL = 0.25
SWEEP_INTERVAL = 3.0
# Accounts are deactivated and deleted without an event too: by SQL, by a command, in a shell.
CHECK_OWNERS_EVERY = 3.0
PURGE_INTERVAL = 3600.0


class RunManager:
    """Used from the event loop of the process. `process` names this process in leases."""

    def __init__(self) -> None:
        self.process = uuid4()
        self.jobs: dict[UUID, Job] = {}
        self.turns: dict[UUID, Turn] = {}
        self.tasks: set[asyncio.Task[Any]] = set()
        self.turning: set[asyncio.Task[Turn]] = set()
        self.began = False
        self.draining = False
        self.checking = OutageLogger(log, "checking accounts", DATABASE_ERRORS)

    def begin(self) -> None:
        """Start the clocks, once, on the running loop."""
        if self.began:
            return
        self.began = True
        pubsub.start()
        pubsub.listeners.update((self.heard, remote_followers.heard))
        clocks = (self.save_clock, self.sweep_clock, self.owner_clock, self.purge_clock)
        for clock in (*clocks, throttle.measure):
            self.keep(clock())

    def keep(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Own a task: a strong reference for as long as it runs."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def accept(self) -> None:
        """Raises ChatError `restarting` when this process takes no new work."""
        if self.draining:
            raise ChatError("restarting")

    async def turn(self, work: Coroutine[Any, Any, PreparedTurn]) -> Turn:
        """Write a turn and begin its answer, even if who asked hangs up in between.

        Raises what `work` raises, and ChatError `restarting`.
        """
        if self.draining:
            work.close()
        self.accept()
        task = asyncio.create_task(self.written(work))
        self.turning.add(task)
        task.add_done_callback(self.turning.discard)
        return await asyncio.shield(task)

    async def written(self, work: Coroutine[Any, Any, PreparedTurn]) -> Turn:
        ready = await work
        self.start(ready)
        return ready.turn

    def start(self, ready: PreparedTurn) -> LiveAnswer | None:
        """Begin to write the answer of a turn that is committed; None when it was begun before."""
        self.begin()
        turn = ready.turn
        if turn.run is None:
            return None
        job = Job(ready, turn.run)
        self.jobs[turn.answer.pk] = job
        self.turns[turn.conversation.pk] = turn
        job.task = self.keep(self.watch_over(job))
        self.announce(job, ChangeKind.THREAD, ChangeKind.BUMPED)
        return job.answer

    async def watch_over(self, job: Job) -> None:
        try:
            await job.work()
        finally:
            self.jobs.pop(job.message.pk, None)
            self.turns.pop(job.answer.conversation_id, None)
            # All at once: a page that hears of its answer before its line would look twice.
            try:
                self.announce(job, ChangeKind.THREAD, ChangeKind.SIDEBAR_ROW)
            finally:
                job.answer.end(job.status, job.closed)

    def announce(self, job: Job, *whats: ChangeKind) -> None:
        for what in whats:
            pubsub.spread(Changed(job.owner_id, job.answer.conversation_id, what))

    def answer(self, message_id: UUID) -> LiveAnswer | None:
        """The answer, if this process writes it."""
        job = self.jobs.get(message_id)
        return job.answer if job else None

    def begun(self, conversation_id: UUID | None) -> Turn | None:
        """What began the answer that this process writes in the conversation now."""
        return self.turns.get(conversation_id) if conversation_id else None

    def heard(self, event: Event) -> None:
        if isinstance(event, StopRequested):
            self.stop(event.run_id)
        elif isinstance(event, AccountChanged):
            self.keep(run_guarded(partial(self.stop_inactive, {event.user_id}), self.checking))
        elif isinstance(event, AnswerSubscribed) and (job := self.jobs.get(event.message_id)):
            job.sharing.wanted(job.saved)

    def stop(self, run_id: UUID) -> None:
        for job in self.jobs.values():
            if job.run.pk == run_id:
                job.cancel(Status.STOPPED)

    async def stop_inactive(self, owners: Collection[UUID]) -> None:
        """Stop the answers of those of these people who were deactivated or deleted."""
        writing = {job.owner_id for job in self.jobs.values()}.intersection(owners)
        if not writing:
            return
        inactive = await run_in_db_priority(inactive_users, writing)
        for job in list(self.jobs.values()):
            if job.owner_id in inactive:
                job.cancel(Status.STOPPED)

    # Clocks
    async def save_clock(self) -> None:
        trouble = OutageLogger(log, "saving", DATABASE_ERRORS)
        while True:
            await asyncio.sleep(SAVE_INTERVAL)
            await run_guarded(self.save, trouble)

    async def save(self) -> None:
        """Append what came since the last time, renew leases, hear of stops: one statement."""
        jobs = {job.run.pk: job for job in self.jobs.values()}
        if not jobs:
            return
        pieces = [piece for job in jobs.values() if (piece := job.take_unsaved())]
        held = await run_in_db_priority(save_chunks, self.process, list(jobs), pieces)
        for piece in pieces:
            jobs[piece.run_id].was_saved(piece)
        self.obey(jobs, held)

    def obey(self, jobs: dict[UUID, Job], held: HeldRuns) -> None:
        for key, job in jobs.items():
            if key in held.stops:
                job.cancel(Status.STOPPED)
            elif key not in held.runs:
                job.cancel("")

    async def sweep_clock(self) -> None:
        """End what dead processes left; after the database was away everybody gets one full lease
        to renew first."""
        sweeping = OutageLogger(log, "sweeping", DATABASE_ERRORS)
        waiting = OutageLogger(log, "waiting for the database", DATABASE_ERRORS)
        away = False
        while True:
            away = away or isinstance(await run_guarded(self.sweep, sweeping), DATABASE_ERRORS)
            if away:
                away = await run_guarded(self.until_renewed, waiting) is not None
            await asyncio.sleep(SWEEP_INTERVAL)

    async def until_renewed(self) -> None:
        """Until the database is back and every living process could renew its leases."""
        name = "looking for the database"
        await retry_while_unavailable(
            lambda: run_in_db_priority(finish_run.has_restarted_recently), name, float("inf")
        )
        await asyncio.sleep(LEASE.total_seconds())

    async def sweep(self) -> None:
        if await run_in_db(finish_run.has_restarted_recently):
            return
        alive = [job.run.pk for job in self.jobs.values()]
        for ended in await run_in_db(finish_run.finish_expired, spare=alive):
            log.warning("answer %s was interrupted: its process is gone", ended.message_id)
            for what in (ChangeKind.THREAD, ChangeKind.SIDEBAR_ROW):
                pubsub.announce(Changed(ended.owner_id, ended.conversation_id, what))

    async def owner_clock(self) -> None:
        while True:
            await asyncio.sleep(CHECK_OWNERS_EVERY)
            await run_guarded(self.check_owners, self.checking)

    async def check_owners(self) -> None:
        await self.stop_inactive({job.owner_id for job in self.jobs.values()})

    async def purge_clock(self) -> None:
        trouble = OutageLogger(log, "purging", DATABASE_ERRORS)
        while True:
            await run_guarded(self.purge, trouble)
            await asyncio.sleep(PURGE_INTERVAL)

    async def purge(self) -> None:
        await run_in_db(conversation_actions.purge)

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
        """Wait until no answer is being written, one begun meanwhile included, or this long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while (self.jobs or self.turning) and loop.time() < until:
            writing = {job.task for job in self.jobs.values() if job.task is not None}
            await asyncio.wait(writing | self.turning, timeout=until - loop.time())


runs = RunManager()
