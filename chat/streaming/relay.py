"""Send the text of this process's answers to other processes that follow them."""

import asyncio

from chat.events import AnswerText
from chat.pubsub import pubsub
from chat.streaming.live_answer import LiveAnswer

RELAY_INTERVAL = 0.1
# Followers subscribe again every two seconds; some of these events may be lost.
SUBSCRIPTION_SECONDS = 7.0


class TextRelay:
    """Sends the new text of one answer, at most every `RELAY_INTERVAL` seconds."""

    def __init__(self, answer: LiveAnswer) -> None:
        self.answer = answer
        self.subscribed_until = float("-inf")
        self.offset = 0
        self.notice = ""
        self.timer: asyncio.TimerHandle | None = None

    def subscribe(self, saved: int) -> None:
        """Send text for a while: from character `saved` on, as followers read the rest by SQL."""
        loop = asyncio.get_running_loop()
        if loop.time() > self.subscribed_until:
            self.offset, self.notice = saved, ""
        self.subscribed_until = loop.time() + SUBSCRIPTION_SECONDS
        self.schedule_send()

    def schedule_send(self) -> None:
        """Send what is new after the interval, if anyone follows."""
        loop = asyncio.get_running_loop()
        if self.timer is None and loop.time() <= self.subscribed_until:
            self.timer = loop.call_later(RELAY_INTERVAL, self.send)

    def send(self) -> None:
        """Send the text and the notice that are new."""
        self.timer = None
        text = self.answer.text[self.offset :]
        if text or self.notice != self.answer.notice:
            self.notice = self.answer.notice
            pubsub.publish_remote(
                AnswerText(self.answer.message_id, self.offset, text, self.answer.notice)
            )
            self.offset += len(text)
