"""One answer being written here: its task, what is not saved yet, and its closing lines."""

import asyncio
import logging
from uuid import UUID

from django.db import DatabaseError
from django.db.utils import InterfaceError

from chat.conversations import closing
from chat.conversations.leases import Append
from chat.conversations.turns import Turn
from chat.errors import ChatError
from chat.events import Outcome, Usage
from chat.generation import LiveAnswer, prepare, write
from chat.generation.writing import Clock
from chat.markdown import RENDERER_VERSION, render
from chat.models import Message, Run, Status
from config.threads import in_db

log = logging.getLogger("chat.runs")

# Seconds between attempts to write the end of a run while the database is away.
CLOSE_RETRY = (0.2, 0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8, 8)


class Job:
    """Writes one answer. `ending` is what a cancellation means: stopped, interrupted, or "" when
    somebody else ended the run and nothing may be written."""

    def __init__(self, owner_id: UUID, turn: Turn, run: Run) -> None:
        self.owner_id = owner_id
        self.run: Run = run
        self.message: Message = turn.answer
        self.answer = LiveAnswer(turn.conversation.pk, turn.answer.pk, turn.answer.text)
        self.clock = Clock()
        self.ending: str | None = None
        self.unsaved: list[str] = []
        self.saved = len(turn.answer.text)
        self.task: asyncio.Task[None] | None = None
        self.writing: asyncio.Task[Outcome] | None = None

    # The sink of the generation.
    def feed(self, piece: str) -> None:
        self.unsaved.append(piece)
        self.answer.feed(piece)

    def tell(self, notice: str) -> None:
        self.answer.tell(notice)

    def take_unsaved(self) -> Append | None:
        """What the next save appends; `was_saved` confirms it."""
        if not self.unsaved:
            return None
        self.unsaved = ["".join(self.unsaved)]
        return Append(self.run.pk, self.saved, self.unsaved[0])

    def was_saved(self, piece: Append) -> None:
        rest = "".join(self.unsaved)[len(piece.text) :]
        self.unsaved = [rest] if rest else []
        self.saved += len(piece.text)

    def cancel(self, ending: str) -> None:
        """Hang up upstream and end with this status; the first reason counts."""
        if self.ending is None and self.writing is not None and not self.writing.done():
            self.ending = ending
            self.writing.cancel()

    async def work(self) -> bool:
        """Write the answer to its end; whether this process was the one that ended it."""
        self.writing = asyncio.create_task(self.generate(), name=f"write {self.run.pk}")
        try:
            await asyncio.wait({self.writing})
        finally:
            self.writing.cancel()
        outcome = self.outcome(self.writing)
        if outcome is None:
            self.answer.end(Status.INTERRUPTED)
            return False
        won = await self.close(outcome)
        self.answer.end(outcome.status)
        return won

    async def generate(self) -> Outcome:
        try:
            prepared = await in_db(prepare, self.run, self.message)
        except ChatError as problem:
            return Outcome(status=Status.FAILED, error_code=problem.code)
        return await write(prepared, self, self.clock)

    def outcome(self, task: asyncio.Task[Outcome]) -> Outcome | None:
        usage = Usage(first_token_ms=self.clock.first, last_token_ms=self.clock.last)
        if task.cancelled():
            return Outcome(status=self.ending, usage=usage) if self.ending else None
        problem = task.exception()
        if problem is None:
            return task.result()
        log.error("run %s failed: %s", self.run.pk, type(problem).__name__, exc_info=problem)
        return Outcome(status=Status.FAILED, error_code="internal", usage=usage)

    async def close(self, outcome: Outcome) -> bool:
        """Write the end, and again while the database is away."""
        text = self.answer.text
        for delay in (*CLOSE_RETRY, None):
            try:
                return await in_db(self.write_end, outcome, text)
            except (DatabaseError, InterfaceError) as problem:
                log.warning("run %s not closed yet: %s", self.run.pk, type(problem).__name__)
            if delay is None:
                break
            await asyncio.sleep(delay)
        return False

    def write_end(self, outcome: Outcome, text: str) -> bool:
        html = render(text, self.message.pk.hex)
        return closing.close(self.run, outcome, text, html, RENDERER_VERSION)
