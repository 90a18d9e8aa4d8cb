"""daphne's server with our limits, and with the ASGI lifespan.

Importing this module imports the reactor, so `core.server.serve` installs ours first.
"""

import asyncio
import logging
from typing import Any

from daphne.cli import CommandLineInterface
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from core.server import clock, garbage_collection, http, websocket
from core.server.frames import LISTEN
from core.server.lifespan import Lifespan

log = logging.getLogger("chat.server")
running: Any = reactor


class BoundedServer(Server):
    """Applies the limits to its connections, and sends the application the lifespan events."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, ready_callable=self.on_ready, **options)
        self.lifespan = Lifespan(self.application)
        self.ports: list[Any] = []
        self.startup: asyncio.Task[None] | None = None
        # Before daphne adds its own trigger, which cancels what the application does.
        # https://docs.twisted.org/en/stable/api/twisted.internet.interfaces.IReactorCore.html
        running.addSystemEventTrigger("before", "shutdown", self.on_shutdown)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        """Tell the application of a websocket that it may send the event `LISTEN`."""
        if scope["type"] == "websocket":
            scope["extensions"] = {LISTEN: {}}
        return super().create_application(protocol, scope)

    def listen_success(self, port: Any) -> None:
        """Remember the port, to stop listening on it later."""
        super().listen_success(port)
        self.ports.append(port)

    def on_ready(self) -> None:
        """Prepare what has to be there before the first connection is accepted.

        daphne calls this when it listens and before the event loop runs.
        """
        clock.measure_monotonically()
        http.apply_limits(self.http_factory)
        websocket.apply_limits(self.ws_factory)
        self.startup = asyncio.get_event_loop().create_task(self.start_application())

    async def start_application(self) -> None:
        """Start the application; stop the server, with exit code 1, if that fails."""
        try:
            await self.lifespan.startup()
        except Exception as problem:
            log.critical("the application does not start", exc_info=problem)
            self.abort_start = True
            running.stop()
        else:
            garbage_collection.freeze_startup_objects()

    def on_shutdown(self) -> Any:
        """Stop listening, and return a Deferred for which the reactor waits."""
        for port in self.ports:
            port.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(self.lifespan.shutdown()))


class CommandLine(CommandLineInterface):
    """daphne's command line, for our server."""

    server_class = BoundedServer
