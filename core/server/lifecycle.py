"""Start and stop with daphne's reactor: daphne has no lifespan events.

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
    return [reader for reader in running.getReaders() if IListeningPort.providedBy(reader)]


def apply_limits() -> None:
    for factory in {port.factory for port in listening_ports()}:
        http.apply_limits(factory)
        websocket.apply_limits(factory.server.ws_factory)


def hook_reactor(startup: Callable[[], None], drain: Callable[[], Awaitable[None]]) -> None:
    """Call `startup` once the server listens, and `drain` before the reactor shuts down.

    The reactor waits for the Deferred of a trigger "before shutdown".
    https://docs.twisted.org/en/stable/api/twisted.internet.interfaces.IReactorCore.html
    """

    def start() -> None:
        startup()
        garbage_collection.freeze_startup_objects()

    def stop() -> Any:
        for port in listening_ports():
            port.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(drain()))

    clock.measure_monotonically()
    # The reactor says "running" before its asyncio loop turns, so the limits hold for a connection
    # that waited to be accepted. A delayed call comes after, when there is a loop to start on.
    running.callWhenRunning(apply_limits)
    running.callLater(0, start)
    running.addSystemEventTrigger("before", "shutdown", stop)
