"""The runs of this process: start, save, stop, sweep and drain them."""

import asyncio
import logging
from collections.abc import Collection
from functools import partial
from uuid import UUID, uuid4

from django.conf import settings

from accounts.sessions import inactive_users
from chat.errors import ChatError
from chat.events import AccountChanged, AnswerSubscribed, Changed, ChangeKind, Event, StopRequested
from chat.models import Status
from chat.pubsub import pubsub
from chat.services import conversation_actions, finish_run
from chat.services.leases import LEASE, HeldRuns, mark_as_thoughts, save_chunks
from chat.services.turns import Turn
from chat.streaming.job import Job, PreparedTurn
from chat.streaming.live_answer import LiveAnswer
from chat.streaming.remote_follower import remote_followers
from chat.streaming.retry import retry_while_unavailable, run_guarded
from chat.streaming.throttle import throttle
from core.db.errors import RETRYABLE_ERRORS
from core.db.executors import run_in_db, run_in_db_priority
from core.logging import FailureLogger
from core.tasks import TaskSet

log = logging.getLogger("chat.streaming")

SAVE_INTERVAL = 0.25
SWEEP_INTERVAL = 3.0
# SQL, a management command or a shell deactivates and deletes accounts without an event.
CHECK_OWNERS_EVERY = 3.0
PURGE_INTERVAL = 3600.0


class RunManager:
    """Used from the event loop of the process. `worker_id` identifies the process in leases.

    `jobs` are keyed by the ID of the answer, `turns` by that of the conversation. `turn_tasks`
    write turns whose answers have not started yet.
    """

    def __init__(self) -> None:
        self.worker_id = uuid4()
        self.jobs: dict[UUID, Job] = {}
        self.turns: dict[UUID, Turn] = {}
        self.tasks = TaskSet()
        self.turn_tasks = TaskSet()
        self.is_started = False
        self.is_draining = False
        self.checking = FailureLogger(log, "checking accounts")

    def startup(self) -> None:
        """Start the periodic tasks on the running event loop, on the first call only."""
        if self.is_started:
            return
        self.is_started = True
        pubsub.start()
        pubsub.listeners.update((self.on_event, remote_followers.on_event))
        clocks = (self.save_clock, self.sweep_clock, self.owner_clock, self.purge_clock)
        for clock in (*clocks, throttle.measure):
            self.tasks.start(clock())

    def check_accepting(self) -> None:
        """Raise ChatError `restarting` if this process takes no new work."""
        if self.is_draining:
            raise ChatError("restarting")

    def start(self, prepared: PreparedTurn) -> LiveAnswer | None:
        """Start the answer of a committed turn.

        Returns None if the turn was a repetition: its answer was started before.
        """
        self.startup()
        turn = prepared.turn
        if turn.run is None:
            return None
        job = Job(prepared, turn.run)
        self.jobs[turn.answer.pk] = job
        self.turns[turn.conversation.pk] = turn
        job.task = self.tasks.start(self.supervise(job))
        self.announce(job, ChangeKind.THREAD, ChangeKind.BUMPED)
        return job.answer

    async def supervise(self, job: Job) -> None:
        """Run a job to its end, then publish that."""
        try:
            await job.run_to_end()
        finally:
            self.jobs.pop(job.message.pk, None)
            self.turns.pop(job.answer.conversation_id, None)
            # Events first: a page then finds both changes, and reads the database at most once.
            try:
                self.announce(job, ChangeKind.THREAD, ChangeKind.SIDEBAR_ROW)
            finally:
                job.answer.end(job.status, job.finished)

    def announce(self, job: Job, *kinds: ChangeKind) -> None:
        for kind in kinds:
            pubsub.publish(Changed(job.owner_id, job.answer.conversation_id, kind))

    def find_live_answer(self, message_id: UUID | None) -> LiveAnswer | None:
        """Return the answer if this process is writing it."""
        job = self.jobs.get(message_id) if message_id else None
        return job.answer if job else None

    def turn_in_progress(self, conversation_id: UUID | None) -> Turn | None:
        """Return the turn whose answer this process is writing in the conversation, or None."""
        return self.turns.get(conversation_id) if conversation_id else None

    def on_event(self, event: Event) -> None:
        if isinstance(event, StopRequested):
            self.stop_run(event.run_id)
        elif isinstance(event, AccountChanged):
            self.tasks.start(
                run_guarded(partial(self.stop_inactive, {event.user_id}), self.checking)
            )
        elif isinstance(event, AnswerSubscribed) and (job := self.jobs.get(event.message_id)):
            job.relay.subscribe(job.text.saved_length, job.thoughts.saved_length)

    def stop_run(self, run_id: UUID) -> None:
        """Stop a run if it belongs to this process."""
        for job in self.jobs.values():
            if job.run.pk == run_id:
                job.cancel(Status.STOPPED)

    async def stop_inactive(self, owners: Collection[UUID]) -> None:
        """Stop the answers of those owners who were deactivated or deleted."""
        owners = {job.owner_id for job in self.jobs.values()}.intersection(owners)
        if not owners:
            return
        inactive = await run_in_db_priority(inactive_users, owners)
        for job in list(self.jobs.values()):
            if job.owner_id in inactive:
                job.cancel(Status.STOPPED)

    # Periodic tasks
    async def save_clock(self) -> None:
        outages = FailureLogger(log, "saving")
        while True:
            await asyncio.sleep(SAVE_INTERVAL)
            await run_guarded(self.save, outages)

    async def save(self) -> None:
        """Append the text that is not saved yet, renew leases and read stop requests.

        That is one statement for all runs of the process.
        """
        jobs = {job.run.pk: job for job in self.jobs.values()}
        if not jobs:
            return
        await self.save_retractions()
        buffers = [buffer for job in jobs.values() for buffer in (job.thoughts, job.text)]
        taken = [(buffer, chunk) for buffer in buffers if (chunk := buffer.take())]
        chunks = [chunk for _, chunk in taken]
        held_runs = await run_in_db_priority(save_chunks, self.worker_id, list(jobs), chunks)
        for buffer, chunk in taken:
            buffer.confirm(chunk)
        self.apply_leases(jobs, held_runs)

    async def save_retractions(self) -> None:
        """Mark saved text as thoughts where a model turned out to have been thinking."""
        retracted = [job for job in self.jobs.values() if job.has_retracted]
        if retracted:
            run_ids = [job.run.pk for job in retracted]
            await run_in_db_priority(mark_as_thoughts, run_ids)
            for job in retracted:
                job.has_retracted = False

    def apply_leases(self, jobs: dict[UUID, Job], held_runs: HeldRuns) -> None:
        """Cancel the jobs whose run was stopped, or ended by another process."""
        for run_id, job in jobs.items():
            if run_id in held_runs.stops:
                job.cancel(Status.STOPPED)
            elif run_id not in held_runs.runs:
                job.cancel("")

    async def sweep_clock(self) -> None:
        """End the runs of dead processes.

        After an outage of the database, living processes first get one full lease to renew theirs.
        """
        sweeping = FailureLogger(log, "sweeping")
        waiting = FailureLogger(log, "waiting for the database")
        is_away = False
        while True:
            if not is_away:
                is_away = isinstance(await run_guarded(self.sweep, sweeping), RETRYABLE_ERRORS)
            if is_away:
                is_away = await run_guarded(self.wait_for_renewals, waiting) is not None
            await asyncio.sleep(SWEEP_INTERVAL)

    async def wait_for_renewals(self) -> None:
        """Wait until the database is back and every living process has had time to renew."""
        name = "checking the database"
        await retry_while_unavailable(
            lambda: run_in_db_priority(finish_run.has_restarted_recently), name, float("inf")
        )
        await asyncio.sleep(LEASE.total_seconds())

    async def sweep(self) -> None:
        if await run_in_db(finish_run.has_restarted_recently):
            return
        own_runs = [job.run.pk for job in self.jobs.values()]
        for run in await run_in_db(finish_run.finish_expired, spare=own_runs):
            log.warning("answer %s was left by its process", run.message_id)
            for kind in (ChangeKind.THREAD, ChangeKind.SIDEBAR_ROW):
                pubsub.publish_threadsafe(Changed(run.owner_id, run.conversation_id, kind))

    async def owner_clock(self) -> None:
        while True:
            await asyncio.sleep(CHECK_OWNERS_EVERY)
            await run_guarded(self.check_owners, self.checking)

    async def check_owners(self) -> None:
        await self.stop_inactive({job.owner_id for job in self.jobs.values()})

    async def purge_clock(self) -> None:
        outages = FailureLogger(log, "purging")
        while True:
            await run_guarded(self.purge, outages)
            await asyncio.sleep(PURGE_INTERVAL)

    async def purge(self) -> None:
        await run_in_db(conversation_actions.purge)

    async def drain(self, seconds: float | None = None) -> None:
        """Refuse new work, let answers finish, then mark the rest as interrupted.

        `seconds` replaces DRAIN_SECONDS.
        """
        self.is_draining = True
        if self.jobs:
            log.info("draining: waiting for %d answers", len(self.jobs))
        await self.wait_until_idle(settings.DRAIN_SECONDS if seconds is None else seconds)
        for job in list(self.jobs.values()):
            job.cancel(Status.INTERRUPTED)
        await self.wait_until_idle(5)

    async def wait_until_idle(self, seconds: float) -> None:
        """Wait until no answer is being written or about to start, at most this long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while (self.jobs or self.turn_tasks) and loop.time() < deadline:
            job_tasks = {job.task for job in self.jobs.values() if job.task is not None}
            timeout = deadline - loop.time()
            await asyncio.wait({*job_tasks, *self.turn_tasks}, timeout=timeout)


runs = RunManager()
