"""Follow answers that other processes generate, for the sockets of this process.

The text comes from the database, which is polled. If the processes share a channel layer, the one
that generates the answer also sends its text, and the database is polled less often.
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
from core.logging import FailureLogger
from core.tasks import TaskSet

log = logging.getLogger("chat.streaming")

# Seconds between polls of the database, without and with text from the other process.
POLL_INTERVAL, RELAXED_POLL_INTERVAL = 0.4, 2.0
RETRY_SECONDS = 1.0


class RemoteFollower:
    """Follows one answer."""

    def __init__(self, conversation_id: UUID, message_id: UUID) -> None:
        self.answer = LiveAnswer(conversation_id, message_id)
        self.last_frame_at = float("-inf")
        self.gap = asyncio.Event()

    def append(self, offset: int, text: str) -> bool:
        """Add the new part of a text that starts at `offset`; return False if there is a gap."""
        length = len(self.answer.text)
        if offset > length:
            return False
        if new_text := text[length - offset :]:
            self.answer.feed(new_text)
        return True

    def append_thoughts(self, offset: int, thoughts: str) -> bool:
        """Do the same with thoughts; what was taken for text may turn out to be some of them."""
        answer = self.answer
        length = len(answer.thoughts)
        if answer.text and not length and thoughts.startswith(answer.text[: len(thoughts)]):
            answer.retract()
            length = len(answer.thoughts)
        if offset > length:
            return False
        if new_thoughts := thoughts[length - offset :]:
            answer.feed_thoughts(new_thoughts)
        return True

    def on_text(self, event: AnswerText) -> None:
        """Take text that the other process sent."""
        self.last_frame_at = asyncio.get_running_loop().time()
        append = self.append_thoughts if event.is_thought else self.append
        if not append(event.offset, event.text):
            self.gap.set()
        if self.answer.notice != event.notice and not self.answer.text:
            self.answer.show_notice(event.notice)

    async def follow(self) -> None:
        """Follow the answer until it ends or has no watcher any more."""
        status: str = Status.STREAMING
        outages = FailureLogger(log, f"following answer {self.answer.message_id}")
        while status in LIVE and (self.answer.watchers or self.answer.revision == 0):
            pubsub.publish_remote(AnswerSubscribed(self.answer.message_id))
            try:
                live = await run_in_db(messages.load_live_text, self.answer.message_id)
                status = live.status
                self.append_thoughts(0, live.thoughts)
                self.append(0, live.text)
                outages.record_success()
                pause = self.poll_interval()
            except Message.DoesNotExist:
                status = Status.INTERRUPTED
            except Exception as error:
                outages.record_failure(error)
                pause = RETRY_SECONDS
            if status in LIVE:
                await self.wait_for_gap(pause)
        if status not in LIVE:
            self.answer.end(status)

    def poll_interval(self) -> float:
        """Return the seconds until the next poll."""
        age = asyncio.get_running_loop().time() - self.last_frame_at
        return RELAXED_POLL_INTERVAL if age < RELAXED_POLL_INTERVAL else POLL_INTERVAL

    async def wait_for_gap(self, seconds: float) -> None:
        """Wait this long, or until shortly after text was found to be missing."""
        self.gap.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.gap.wait()
                # The next save brings the missing text.
                await asyncio.sleep(POLL_INTERVAL)


class RemoteFollowers:
    """One `RemoteFollower` for each answer, shared by all sockets that show it."""

    def __init__(self) -> None:
        self.followers: dict[UUID, RemoteFollower] = {}
        self.tasks = TaskSet()

    def follow(self, conversation_id: UUID, message_id: UUID) -> LiveAnswer:
        """Return the live answer, which is kept up to date from now on."""
        follower = self.followers.get(message_id)
        if follower is None:
            follower = self.followers[message_id] = RemoteFollower(conversation_id, message_id)
            self.tasks.start(self.run_follower(follower))
        return follower.answer

    async def run_follower(self, follower: RemoteFollower) -> None:
        try:
            await follower.follow()
        finally:
            self.followers.pop(follower.answer.message_id, None)

    def on_event(self, event: Event) -> None:
        if isinstance(event, AnswerText) and (follower := self.followers.get(event.message_id)):
            follower.on_text(event)


remote_followers = RemoteFollowers()
