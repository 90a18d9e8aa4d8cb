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
        self.closed: FinishedRun | None = None
        self.revision = 0
        self.watchers: set[Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._count: asyncio.TimerHandle | None = None
        self._last = LONG_AGO
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
        self.tell("", soon=False)
        self.stream.feed(piece)
        self.soon()

    def tell(self, notice: str, *, soon: bool = True) -> None:
        """Show a sentence in place of the text that is not there yet."""
        if self._count is not None:
            self._count.cancel()
            self._count = None
        self.notice = notice
        if soon:
            self.soon()

    def count_down(self, seconds: int, sentence: Callable[[int], str]) -> None:
        """Show a sentence with the seconds that are left, each second anew, until text comes."""
        self.tell(sentence(seconds))
        if seconds > 0:
            loop = asyncio.get_running_loop()
            self._count = loop.call_later(1, self.count_down, seconds - 1, sentence)

    def end(self, status: str, closed: FinishedRun | None = None) -> None:
        """Nothing more comes; `closed` is what was written in the end, where this process wrote it.
        Watchers without it look at the database for the final text."""
        self.status, self.closed = status, closed
        self.tell("", soon=False)
        self.publish()

    async def rest(self) -> None:
        """Until the next frame may leave: what is fed after it leaves at once."""
        await asyncio.sleep(self._last + throttle.gap - asyncio.get_running_loop().time())
        # The gap may be longer by now: text would then wait for it twice, and so each time.
        self._last = LONG_AGO

    def soon(self) -> None:
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        due = self._last + throttle.gap
        if loop.time() >= due:
            self.publish()
        else:
            self._timer = loop.call_at(due, self.publish)

    def publish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._last = asyncio.get_running_loop().time()
        if self.watchers:
            self.stream.render()
        self.revision += 1
        for watcher in list(self.watchers):
            watcher()
