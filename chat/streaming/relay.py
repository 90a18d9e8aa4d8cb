"""Text of this process's answers for other processes, while somebody there looks."""

import asyncio

from chat.events import AnswerText
from chat.pubsub import pubsub
from chat.streaming.live_answer import LiveAnswer

RELAY_INTERVAL = 0.1
# A process that looks says so every other second; words get lost.
SUBSCRIPTION_SECONDS = 7.0


class TextRelay:
    """One answer's frames: each from where the last one ended, at most every 100 ms."""

    def __init__(self, answer: LiveAnswer) -> None:
        self.answer = answer
        self.subscribed_until = float("-inf")
        self.offset = 0
        self.notice = ""
        self.timer: asyncio.TimerHandle | None = None

    def subscribe(self, saved: int) -> None:
        """Somebody looks; `saved` characters are in the database, where they begin."""
        loop = asyncio.get_running_loop()
        if loop.time() > self.subscribed_until:
            self.offset, self.notice = saved, ""
        self.subscribed_until = loop.time() + SUBSCRIPTION_SECONDS
        self.schedule_send()

    def schedule_send(self) -> None:
        loop = asyncio.get_running_loop()
        if self.timer is None and loop.time() <= self.subscribed_until:
            self.timer = loop.call_later(RELAY_INTERVAL, self.send)

    def send(self) -> None:
        self.timer = None
        text = self.answer.text[self.offset :]
        if text or self.notice != self.answer.notice:
            self.notice = self.answer.notice
            pubsub.publish_remote(
                AnswerText(self.answer.message_id, self.offset, text, self.answer.notice)
            )
            self.offset += len(text)
