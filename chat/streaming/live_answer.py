"""An answer while it is being written: its text, its HTML by blocks, and who looks at it."""

import asyncio
from collections.abc import Callable
from uuid import UUID

from chat.models import Status
from chat.rendering.markdown import Stream
from chat.services.finish_run import FinishedRun
from chat.streaming.throttle import throttle

Watcher = Callable[[], None]
LONG_AGO = float("-inf")


class LiveAnswer:
    """Replaceable state: a watcher is told that there is something newer, never what came.

    Used from one event loop. `revision` counts what watchers were told.
    """

    def __init__(self, conversation_id: UUID, message_id: UUID, text: str = "") -> None:
        self.conversation_id = conversation_id
        self.message_id = message_id
        self.stream = Stream(message_id.hex)
        self.status: str = Status.PENDING
        self.notice = ""
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
    def html(self) -> str:
        """The body as a page that is loaded now shows it."""
        self.stream.render()
        return self.stream.html

    @property
    def is_live(self) -> bool:
        return self.status in (Status.PENDING, Status.STREAMING)

    def feed(self, piece: str) -> None:
        """Take text. The first piece is shown at once, later ones at the pace of the process."""
        self.status = Status.STREAMING
        self.show_notice("", soon=False)
        self.stream.feed(piece)
        self.schedule_publish()

    def show_notice(self, notice: str, *, soon: bool = True) -> None:
        """Show a sentence in place of the text that is not there yet."""
        if self._countdown_timer is not None:
            self._countdown_timer.cancel()
            self._countdown_timer = None
        self.notice = notice
        if soon:
            self.schedule_publish()

    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None:
        """Show a sentence with the seconds that are left, each second anew, until text comes."""
        self.show_notice(sentence(seconds))
        if seconds > 0:
            loop = asyncio.get_running_loop()
            self._countdown_timer = loop.call_later(1, self.count_down, seconds - 1, sentence)

    def end(self, status: str, closed: FinishedRun | None = None) -> None:
        """Nothing more comes; `closed` is what was written in the end, where this process wrote it.
        Watchers without it look at the database for the final text."""
        self.status, self.finished = status, closed
        self.show_notice("", soon=False)
        self.publish()

    async def wait_for_frame(self) -> None:
        """Until the next frame may leave: what is fed after it leaves at once."""
        await asyncio.sleep(
            self._published_at + throttle.interval - asyncio.get_running_loop().time()
        )
        # The gap may be longer by now: text would then wait for it twice, and so each time.
        self._published_at = LONG_AGO

    def schedule_publish(self) -> None:
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        due = self._published_at + throttle.interval
        if loop.time() >= due:
            self.publish()
        else:
            self._timer = loop.call_at(due, self.publish)

    def publish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._published_at = asyncio.get_running_loop().time()
        if self.watchers:
            self.stream.render()
        self.revision += 1
        for watcher in list(self.watchers):
            watcher()
