"""Wait for signals: stop signals are counted, and the end of a child process ends a wait."""

import os
import select
import signal
import time
from types import FrameType

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SAME_PRESS_SECONDS = 0.5


class StoppedError(Exception):
    """The user or the system asked us to stop before startup was complete."""


class Signals:
    """Counts stop signals, and provides waits that a signal ends. Only for the main thread."""

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
            # `nohup make run &` ignores SIGHUP: leave it ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._count)

    def pause(self, seconds: float) -> None:
        """Wait for `seconds`, or until a signal arrives."""
        if select.select([self._read_end], [], [], seconds)[0]:
            os.read(self._read_end, 4096)
        # A closed terminal signals only the session's first process, make, which waits for us.
        if self._terminal and not os.isatty(0):
            self.stops = max(self.stops, 1)

    def pause_or_stop(self, seconds: float) -> None:
        """Wait like `pause`, and raise StoppedError if a stop was requested."""
        self.pause(seconds)
        if self.stops:
            raise StoppedError

    def _count(self, number: int, frame: FrameType | None) -> None:
        """Count a stop signal, once for each key press."""
        # make forwards a signal that the terminal may have sent to us already.
        now = time.monotonic()
        if now - self._last > SAME_PRESS_SECONDS:
            self.stops += 1
        self._last = now
