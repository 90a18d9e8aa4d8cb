"""The application that daphne serves: HTTP by Django, websockets by Channels."""

import asyncio
import os
import sys
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup(set_prefix=False)

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.lifecycle import drain, startup  # noqa: E402
from chat.urls import websocket_urlpatterns  # noqa: E402
from core.web.asgi_handler import PooledThreadHandler  # noqa: E402
from core.web.hosts import WebsocketHostValidator  # noqa: E402


class PathOrClose:
    """Closes a websocket at an address that does not exist; an exception would be a traceback."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        known = any(pattern.resolve(scope["path"].lstrip("/")) for pattern in websocket_urlpatterns)
        if known:
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close"})


application = ProtocolTypeRouter(
    {
        "http": PooledThreadHandler(),
        # Full origins: scheme, host and port. Hosts alone would let in any scheme and port.
        "websocket": WebsocketHostValidator(
            OriginValidator(
                PathOrClose(URLRouter(websocket_urlpatterns)), settings.WEBSOCKET_ORIGINS
            ),
            settings.HOST_PORTS,
        ),
    }
)


def hook_reactor() -> None:
    """Begin with the server and drain before it goes: daphne has no lifespan events.

    Its reactor waits for the Deferred of a trigger "before shutdown".
    """
    from twisted.internet import reactor  # noqa: PLC0415 (importing it would install one)
    from twisted.internet.defer import Deferred  # noqa: PLC0415
    from twisted.internet.interfaces import IListeningPort  # noqa: PLC0415

    from core.server import clock, garbage_collection, http, websocket  # noqa: PLC0415

    running: Any = reactor
    clock.measure_monotonically()

    def ports() -> list[Any]:
        return [one for one in running.getReaders() if IListeningPort.providedBy(one)]

    def bind() -> None:
        for factory in {port.factory for port in ports()}:
            http.apply_limits(factory)
            websocket.apply_limits(factory.server.ws_factory)

    def enter() -> None:
        startup()
        garbage_collection.freeze_startup_objects()

    def leave() -> Any:
        for port in ports():
            port.stopListening()
        return Deferred.fromFuture(asyncio.ensure_future(drain()))

    # The reactor says "running" before its asyncio loop turns, so the bounds hold for a connection
    # that waited to be accepted. A delayed call comes after, when there is a loop to begin on.
    running.callWhenRunning(bind)
    running.callLater(0, enter)
    running.addSystemEventTrigger("before", "shutdown", leave)


if "daphne.server" in sys.modules:
    hook_reactor()
