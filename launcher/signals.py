"""Signals as something to wait for: a stop is counted, a child's end wakes the waiter."""

import os
import select
import signal
import time
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_PRESS_SECONDS = 0.5


class StoppedError(Exception):
    """A person or the system asked us to stop before everything was up."""


class Signals:
    """Waits that a signal cuts short. Only for the main thread."""

    def __init__(self) -> None:
        self.stops = 0
        self._terminal = os.isatty(0)
        self._last = 0.0
        self._read_end, write_end = os.pipe()
        for end in (self._read_end, write_end):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in STOPPING:
            # `nohup make run &` stays.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._count)

    def pause(self, seconds: float) -> None:
        """Wait for `seconds`, less when a signal comes."""
        if select.select([self._read_end], [], [], seconds)[0]:
            os.read(self._read_end, 4096)
        # A closed terminal tells only the first process of its session, and make waits for us.
        if self._terminal and not os.isatty(0):
            self.stops = max(self.stops, 1)

    def pause_or_stop(self, seconds: float) -> None:
        """The same; raises StoppedError once a stop was asked for."""
        self.pause(seconds)
        if self.stops:
            raise StoppedError

    def _count(self, number: int, frame: FrameType | None) -> None:
        # make hands a signal on that we may have had from the terminal already.
        now = time.monotonic()
        if now - self._last > SAME_PRESS_SECONDS:
            self.stops += 1
        self._last = now
