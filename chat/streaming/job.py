"""A job writes one answer: it streams the text, keeps what is not saved yet, and ends the run."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from chat.errors import ChatError
from chat.events import Outcome, Usage
from chat.llm.endpoints import provider_name
from chat.models import Message, Run, Status
from chat.rendering.markdown import RENDERER_VERSION, render
from chat.services import finish_run
from chat.services.finish_run import FinalText, FinishedRun
from chat.services.turns import Turn
from chat.streaming.admission import FairQueue
from chat.streaming.generate import (
    PreparedRequest,
    Timings,
    Written,
    count_usage,
    generate,
    prepare_request,
)
from chat.streaming.live_answer import LiveAnswer
from chat.streaming.relay import TextRelay
from chat.streaming.retry import retry_while_unavailable
from chat.streaming.shorten import shorten_request
from chat.streaming.throttle import throttle
from chat.streaming.unsaved import UnsavedText
from core.db.errors import RETRYABLE_ERRORS
from core.db.executors import run_in_db, run_in_db_priority

log = logging.getLogger("chat.streaming")

queue = FairQueue(
    seats=settings.ANSWERS_PER_PROCESS if settings.LIMITS else None,
    each=settings.ANSWERS_PER_PERSON if settings.LIMITS else None,
)


@dataclass(frozen=True, slots=True)
class PreparedTurn:
    """A committed turn, and the request for its model unless preparing that failed."""

    turn: Turn
    request: PreparedRequest | None = None


def prepare_turn(turn: Turn) -> PreparedTurn:
    """Prepare the request of a committed turn; database work.

    Raises nothing: the turn is committed, so its answer must start. `Job.generate` prepares the
    request again if that failed here, and reports why.
    """
    if turn.run is not None:
        with suppress(Exception):
            return PreparedTurn(turn, prepare_request(turn.run, turn.answer))
    return PreparedTurn(turn)


class Job:
    """Writes one answer.

    `ending` is the status after a cancellation: stopped, interrupted, or "" if another process has
    ended the run, so that nothing may be written. `has_retracted` tells that text in the database
    has to be marked as thoughts before more text is saved.
    """

    def __init__(self, prepared: PreparedTurn, run: Run) -> None:
        turn = prepared.turn
        self.owner_id: UUID = turn.conversation.owner_id
        self.run: Run = run
        self.run.provider = provider_name(run.model)
        self.message: Message = turn.answer
        text, thoughts = turn.answer.text, turn.answer.thoughts
        self.answer = LiveAnswer(turn.conversation.pk, turn.answer.pk, text, thoughts)
        self.relay = TextRelay(self.answer)
        self.timings = Timings()
        self.prepared = prepared.request
        self.ending: str | None = None
        self.status: str = Status.INTERRUPTED
        self.finished: FinishedRun | None = None
        self.initial_length, self.initial_thoughts = len(text), len(self.answer.thoughts)
        self.text = UnsavedText(run.pk, self.initial_length)
        self.thoughts = UnsavedText(run.pk, self.initial_thoughts, is_thought=True)
        self.has_retracted = False
        self.task: asyncio.Task[None] | None = None
        self.generation: asyncio.Task[Outcome] | None = None

    # The methods of `TextSink`
    @property
    def written(self) -> Written:
        answer = self.answer
        return Written(
            answer.text[self.initial_length :],
            answer.thoughts[self.initial_thoughts :],
            answer.thinking_ms,
        )

    def feed(self, text: str) -> None:
        self.text.feed(text)
        self.answer.feed(text)
        self.relay.schedule_send()

    def feed_thoughts(self, thoughts: str) -> None:
        if self.initial_thoughts and len(self.answer.thoughts) == self.initial_thoughts:
            thoughts = f"\n\n{thoughts}"
        self.thoughts.feed(thoughts)
        self.answer.feed_thoughts(thoughts)
        self.relay.schedule_send()

    def retract(self) -> None:
        """Turn the text into thoughts; an answer that is continued is never retracted."""
        self.text.is_thought = self.has_retracted = True
        self.thoughts, self.text = self.text, UnsavedText(self.run.pk, 0)
        self.answer.retract()
        self.relay.restart()

    async def wait_for_frame(self) -> None:
        await self.answer.wait_for_frame()

    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None:
        self.answer.count_down(seconds, sentence)

    def show_queue_position(self, place: int) -> None:
        """Show the position in the queue, counted from 1; 0 means that the answer may start."""
        sentence = _("You're number %(place)d in line.") % {"place": place}
        self.answer.show_notice(sentence if place else "")

    def cancel(self, ending: str) -> None:
        """Cancel the request to the model server; end with the status of the first call."""
        if self.ending is not None or (self.generation is not None and self.generation.done()):
            return
        self.ending = ending
        if self.generation is not None:
            self.generation.cancel()

    async def run_to_end(self) -> bool:
        """Write the answer to its end; return whether this process ended the run.

        `RunManager.supervise` publishes the end.
        """
        self.generation = asyncio.create_task(self.generate(), name=f"write {self.run.pk}")
        if self.ending is not None:
            self.generation.cancel()
        try:
            await asyncio.wait({self.generation})
        finally:
            self.generation.cancel()
        outcome = self.outcome(self.generation)
        if outcome is None:
            return False
        self.status = outcome.status
        self.finished = await self.close(outcome)
        return self.finished is not None

    async def generate(self) -> Outcome:
        async with queue.slot(self.owner_id, self.show_queue_position):
            self.timings = Timings()
            try:
                prepared = self.prepared = self.prepared or await self.prepare()
            except ChatError as error:
                return Outcome(status=Status.FAILED, error_code=error.code)
            with throttle.track_answer():
                outcome = await generate(prepared, self, self.timings)
                if self.timings.first_ms is not None:
                    return outcome
                shorter = await shorten_request(self.run, self.message, prepared, outcome)
                if shorter is None:
                    return outcome
                self.prepared = shorter
                return await generate(shorter, self, self.timings)

    async def prepare(self) -> PreparedRequest:
        """Prepare the request, again and again while the database is away. Raises ChatError."""
        return await retry_while_unavailable(
            lambda: run_in_db(prepare_request, self.run, self.message),
            f"reading for run {self.run.pk}",
        )

    def outcome(self, task: asyncio.Task[Outcome]) -> Outcome | None:
        """Return how the generation ended; None if another process has ended the run."""
        if task.cancelled():
            return Outcome(status=self.ending, usage=self.usage()) if self.ending else None
        error = task.exception()
        if error is None:
            return task.result()
        log.error("run %s failed: %s", self.run.pk, type(error).__name__, exc_info=error)
        return Outcome(status=Status.FAILED, error_code="internal", usage=self.usage())

    def usage(self) -> Usage:
        """Return the token counts of an answer that did not come to its end."""
        if self.prepared is None:
            return Usage()
        return count_usage(self.prepared, self.written, self.timings)

    async def close(self, outcome: Outcome) -> FinishedRun | None:
        """End the run, again and again while the database is away.

        Returns None if that failed, or if another process had ended the run.
        """
        text, thoughts = self.answer.text, self.answer.thoughts
        try:
            return await retry_while_unavailable(
                lambda: run_in_db_priority(self.write_end, outcome, text, thoughts),
                f"closing run {self.run.pk}",
            )
        except RETRYABLE_ERRORS:
            return None
        except DatabaseError as problem:
            # The lease expires, and a sweeper ends the run with the text saved so far.
            log.error("closing run %s failed: %s", self.run.pk, type(problem).__name__)
            return None

    def write_end(self, outcome: Outcome, text: str, thoughts: str) -> FinishedRun | None:
        """Save the outcome and the text; return None if the run was ended elsewhere."""
        html = render(text, self.message.pk.hex)
        answer = FinalText(text, html, RENDERER_VERSION, thoughts)
        return finish_run.finish(self.run, outcome, answer)
