"""Make Twisted and daphne measure time with the monotonic clock.

Both use the wall clock by default. When it was set back one hour, none of their timers ran for an
hour: no pings, no timeouts, no cleanup after a client had left. When it was set ahead, all open
websockets exceeded their maximum age at once.
"""

import asyncio
import importlib
import time
from types import SimpleNamespace
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.main import installReactor

# The daphne modules that measure time. A test checks that `time.time()` is all they use of `time`.
MEASURING = ("daphne.server", "daphne.http_protocol", "daphne.ws_protocol")


class MonotonicReactor(AsyncioSelectorReactor):
    """Twisted's asyncio reactor, with timers that a change of the wall clock does not affect."""

    seconds = staticmethod(time.monotonic)


def install_reactor() -> None:
    """Install a `MonotonicReactor` on a new event loop.

    Call it before anything imports `twisted.internet.reactor`.
    """
    install: Any = installReactor
    install(MonotonicReactor(asyncio.new_event_loop()))


def measure_monotonically() -> None:
    """Replace `time` in daphne's modules by the monotonic clock; daphne has no setting for it."""
    for name in MEASURING:
        module: Any = importlib.import_module(name)
        module.time = SimpleNamespace(time=time.monotonic)
