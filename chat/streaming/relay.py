"""Send the text of this process's answers to other processes that follow them."""

import asyncio

from chat.events import AnswerText
from chat.pubsub import pubsub
from chat.streaming.live_answer import LiveAnswer

RELAY_INTERVAL = 0.1
# Followers subscribe again every two seconds; some of these events may be lost.
SUBSCRIPTION_SECONDS = 7.0


class TextRelay:
    """Sends the new text and thoughts of one answer, at most every `RELAY_INTERVAL` seconds.

    `offset` and `thoughts_offset` are where the unsent ones start, in characters.
    """

    def __init__(self, answer: LiveAnswer) -> None:
        self.answer = answer
        self.subscribed_until = float("-inf")
        self.offset = self.thoughts_offset = 0
        self.notice = ""
        self.timer: asyncio.TimerHandle | None = None

    def subscribe(self, saved: int, saved_thoughts: int) -> None:
        """Send text for a while: what the database does not have, as followers read the rest."""
        loop = asyncio.get_running_loop()
        if loop.time() > self.subscribed_until:
            self.offset, self.thoughts_offset, self.notice = saved, saved_thoughts, ""
        self.subscribed_until = loop.time() + SUBSCRIPTION_SECONDS
        self.schedule_send()

    def restart(self) -> None:
        """Send everything again: the text turned out to be thoughts."""
        self.offset = self.thoughts_offset = 0

    def schedule_send(self) -> None:
        """Send what is new after the interval, if anyone follows."""
        loop = asyncio.get_running_loop()
        if self.timer is None and loop.time() <= self.subscribed_until:
            self.timer = loop.call_later(RELAY_INTERVAL, self.send)

    def send(self) -> None:
        """Send the thoughts, the text and the notice that are new."""
        self.timer = None
        answer = self.answer
        if thoughts := answer.thoughts[self.thoughts_offset :]:
            self.publish(self.thoughts_offset, thoughts, is_thought=True)
            self.thoughts_offset += len(thoughts)
        text = answer.text[self.offset :]
        if text or self.notice != answer.notice:
            self.notice = answer.notice
            self.publish(self.offset, text)
            self.offset += len(text)

    def publish(self, offset: int, text: str, *, is_thought: bool = False) -> None:
        answer = self.answer
        pubsub.publish_remote(
            AnswerText(answer.message_id, offset, text, answer.notice, is_thought)
        )
