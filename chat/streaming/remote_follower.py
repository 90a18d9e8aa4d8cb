"""Answers that another process writes, followed for this process's sockets.

The database is the truth and is looked at again and again; where processes share a channel layer,
the one that writes also sends the text as it comes, which then is looked at less often.
"""

import asyncio
import logging
from contextlib import suppress
from uuid import UUID

from chat.events import AnswerSubscribed, AnswerText, Event
from chat.models import Message, Status
from chat.models.conversation import LIVE
from chat.pubsub import pubsub
from chat.selectors import messages
from chat.streaming.live_answer import LiveAnswer
from core.db.executors import run_in_db
from core.logging import OutageLogger
from core.tasks import TaskSet

log = logging.getLogger("chat.streaming")

# Seconds between looks at the database, and while frames come.
POLL_INTERVAL, RELAXED_POLL_INTERVAL = 0.4, 2.0
RETRY_SECONDS = 1.0


class RemoteFollower:
    """One answer; `end` counts the characters that came so far."""

    def __init__(self, conversation_id: UUID, message_id: UUID) -> None:
        self.answer = LiveAnswer(conversation_id, message_id)
        self.length = 0
        self.last_frame_at = float("-inf")
        self.gap = asyncio.Event()

    def append(self, offset: int, text: str) -> bool:
        """Add what is new of this text; False where something between is missing."""
        if offset > self.length:
            return False
        fresh = text[self.length - offset :]
        if fresh:
            self.length += len(fresh)
            self.answer.feed(fresh)
        return True

    def on_text(self, event: AnswerText) -> None:
        self.last_frame_at = asyncio.get_running_loop().time()
        if not self.append(event.offset, event.text):
            self.gap.set()
        if self.answer.notice != event.notice and not self.length:
            self.answer.show_notice(event.notice)

    async def follow(self) -> None:
        """Follow the row until its answer ended or nobody here looks any more."""
        status: str = Status.STREAMING
        trouble = OutageLogger(log, f"following answer {self.answer.message_id}")
        while status in LIVE and (self.answer.watchers or self.answer.revision == 0):
            pubsub.publish_remote(AnswerSubscribed(self.answer.message_id))
            try:
                status, text = await run_in_db(messages.load_live_text, self.answer.message_id)
                self.append(0, text)
                trouble.record_success()
                pause = self.poll_interval()
            except Message.DoesNotExist:
                status = Status.INTERRUPTED
            except Exception as problem:
                trouble.record_failure(problem)
                pause = RETRY_SECONDS
            if status in LIVE:
                await self.wait_for_gap(pause)
        if status not in LIVE:
            self.answer.end(status)

    def poll_interval(self) -> float:
        late = asyncio.get_running_loop().time() - self.last_frame_at
        return RELAXED_POLL_INTERVAL if late < RELAXED_POLL_INTERVAL else POLL_INTERVAL

    async def wait_for_gap(self, seconds: float) -> None:
        self.gap.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.gap.wait()
                # The database is behind by one save.
                await asyncio.sleep(POLL_INTERVAL)


class RemoteFollowers:
    """One look-out per answer, however many sockets follow it; it ends with the answer."""

    def __init__(self) -> None:
        self.followers: dict[UUID, RemoteFollower] = {}
        self.tasks = TaskSet()

    def follow(self, conversation_id: UUID, message_id: UUID) -> LiveAnswer:
        """The answer as its writer and the database show it from now on."""
        mirror = self.followers.get(message_id)
        if mirror is None:
            mirror = self.followers[message_id] = RemoteFollower(conversation_id, message_id)
            self.tasks.start(self.run_follower(mirror))
        return mirror.answer

    async def run_follower(self, mirror: RemoteFollower) -> None:
        try:
            await mirror.follow()
        finally:
            self.followers.pop(mirror.answer.message_id, None)

    def on_event(self, event: Event) -> None:
        if isinstance(event, AnswerText) and (mirror := self.followers.get(event.message_id)):
            mirror.on_text(event)


remote_followers = RemoteFollowers()
