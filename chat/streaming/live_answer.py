"""The state of an answer while it is generated: its thoughts, its text and who watches it."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from chat.models import Status
from chat.rendering.markdown import Stream
from chat.services.finish_run import FinishedRun
from chat.streaming.thinking import LiveThinking
from chat.streaming.throttle import throttle

Watcher = Callable[[], None]
LONG_AGO = float("-inf")


class LiveAnswer:
    """Watchers are told that something changed, and then read the whole state.

    Used from one event loop. `key` is the message id in hex, `revision` counts how often watchers
    were told, `had_notice` tells whether there ever was a notice. `retractions` counts how often
    the text turned into thoughts, so that pages replace the whole text.
    """

    def __init__(
        self, conversation_id: UUID, message_id: UUID, text: str = "", thoughts: str = ""
    ) -> None:
        self.conversation_id = conversation_id
        self.message_id = message_id
        self.key = message_id.hex
        self.stream = Stream(message_id.hex)
        self.thinking = LiveThinking(thoughts)
        self.retractions = 0
        self.status: str = Status.PENDING
        self.notice = ""
        self.had_notice = False
        self.finished: FinishedRun | None = None
        self.revision = 0
        self.watchers: set[Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._countdown_timer: asyncio.TimerHandle | None = None
        self._published_at = LONG_AGO
        if text:
            self.stream.feed(text)
            self.stream.render()

    @property
    def text(self) -> str:
        return self.stream.text

    @property
    def thoughts(self) -> str:
        return self.thinking.text

    @property
    def thinking_ms(self) -> int | None:
        return self.thinking.milliseconds

    @property
    def html(self) -> str:
        """Return the HTML of the body, with all text so far."""
        self.stream.render()
        return self.stream.html

    @property
    def is_live(self) -> bool:
        return self.status in (Status.PENDING, Status.STREAMING)

    def feed(self, text: str) -> None:
        """Add text. Watchers are told at once, or when the throttle allows the next frame."""
        self.status = Status.STREAMING
        self.show_notice("", soon=False)
        self.thinking.feed_text()
        self.stream.feed(text)
        self.schedule_publish()

    def feed_thoughts(self, thoughts: str) -> None:
        """Add thoughts, and tell watchers as `feed` does."""
        self.status = Status.STREAMING
        self.show_notice("", soon=False)
        self.thinking.feed(thoughts)
        self.schedule_publish()

    def retract(self) -> None:
        """Turn all text so far into thoughts."""
        self.thinking.feed(self.text)
        self.stream = Stream(self.key)
        self.retractions += 1

    def show_notice(self, notice: str, *, soon: bool = True) -> None:
        """Show a sentence in place of text; `soon` tells whether to tell the watchers."""
        if self._countdown_timer is not None:
            self._countdown_timer.cancel()
            self._countdown_timer = None
        self.notice = notice
        self.had_notice = self.had_notice or bool(notice)
        if soon:
            self.schedule_publish()

    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None:
        """Show a sentence with the remaining seconds, every second, until text arrives."""
        self.show_notice(sentence(seconds))
        if seconds > 0:
            loop = asyncio.get_running_loop()
            self._countdown_timer = loop.call_later(1, self.count_down, seconds - 1, sentence)

    def end(self, status: str, finished: FinishedRun | None = None) -> None:
        """Set the final status, and tell the watchers.

        `finished` has the rows that this process saved with it. Without them, watchers read the
        final text from the database.
        """
        self.status, self.finished = status, finished
        self.show_notice("", soon=False)
        self.publish()

    async def wait_for_frame(self) -> None:
        """Wait until the next frame may be sent, so that text fed afterwards is sent at once."""
        await asyncio.sleep(
            self._published_at + throttle.interval - asyncio.get_running_loop().time()
        )
        # The interval may have grown meanwhile, and text would then wait a second time.
        self._published_at = LONG_AGO

    def schedule_publish(self) -> None:
        """Tell watchers now, or when the interval since the last time is over."""
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        due = self._published_at + throttle.interval
        if loop.time() >= due:
            self.publish()
        else:
            self._timer = loop.call_at(due, self.publish)

    def publish(self) -> None:
        """Render the text and tell watchers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._published_at = asyncio.get_running_loop().time()
        if self.watchers:
            self.stream.render()
        self.revision += 1
        for watcher in list(self.watchers):
            watcher()
