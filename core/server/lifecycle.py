"""Run startup and shutdown code from daphne's reactor: daphne has no lifespan events.

Importing this module installs a reactor, so only a process that runs daphne may do it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort

from core.server import clock, garbage_collection, http, websocket

running: Any = reactor


def listening_ports() -> list[Any]:
    """Return the ports that the reactor listens on."""
    return [reader for reader in running.getReaders() if IListeningPort.providedBy(reader)]


def apply_limits() -> None:
    """Apply the HTTP and websocket limits to every daphne factory that listens."""
    for factory in {port.factory for port in listening_ports()}:
        http.apply_limits(factory)
        websocket.apply_limits(factory.server.ws_factory)


def hook_reactor(startup: Callable[[], None], drain: Callable[[], Awaitable[None]]) -> None:
    """Call `startup` once the server listens, and `drain` before the reactor shuts down.

    The reactor waits for the Deferred that a "before shutdown" trigger returns.
    https://docs.twisted.org/en/stable/api/twisted.internet.interfaces.IReactorCore.html
    """

    def on_start() -> None:
        startup()
        garbage_collection.freeze_startup_objects()

    def on_stop() -> Any:
        for port in listening_ports():
            port.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(drain()))

    clock.measure_monotonically()
    # `callWhenRunning` fires before the asyncio loop runs, so the limits apply to connections that
    # were already waiting to be accepted. A delayed call comes later, once the loop runs, which
    # `startup` needs.
    running.callWhenRunning(apply_limits)
    running.callLater(0, on_start)
    running.addSystemEventTrigger("before", "shutdown", on_stop)
