"""The server's sense of time: how long something took, whatever the wall clock is set to.

Twisted and daphne measure with the wall clock. When it was set back one hour, no timer of theirs
ran for an hour: no ping, no timeout, no end of what a client had left. When it was set ahead, all
open websockets were too old at once.
"""

import asyncio
import importlib
import time
from types import SimpleNamespace
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.main import installReactor

# The modules of daphne that measure; a test holds that they ask for nothing but `time.time()`.
MEASURING = ("daphne.server", "daphne.http_protocol", "daphne.ws_protocol")


class MonotonicReactor(AsyncioSelectorReactor):
    """Twisted's reactor on asyncio's loop, with timers that no clock setting moves."""

    seconds = staticmethod(time.monotonic)


def install_reactor() -> None:
    """Install it on a new loop; to be called before anything imports `twisted.internet.reactor`."""
    install: Any = installReactor
    install(MonotonicReactor(asyncio.new_event_loop()))


def measure_monotonically() -> None:
    """Let daphne measure by the monotonic clock; it offers no door of its own for that."""
    for name in MEASURING:
        module: Any = importlib.import_module(name)
        module.time = SimpleNamespace(time=time.monotonic)
