"""The application that daphne serves: HTTP by Django, websockets by Channels."""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Loads the settings and the models, which the other imports need.
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import OriginValidator  # noqa: E402
from django.conf import settings  # noqa: E402

from chat.lifecycle import lifespan  # noqa: E402
from chat.urls import websocket_urlpatterns  # noqa: E402
from core.web.hosts import WebsocketHostValidator  # noqa: E402
from core.web.request_threads import RequestThreads  # noqa: E402


class PathOrClose:
    """Close a websocket at an unknown path; URLRouter would raise an error and log a traceback."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"].lstrip("/")
        if any(pattern.resolve(path) for pattern in websocket_urlpatterns):
            await self.inner(scope, receive, send)
        else:
            await send({"type": "websocket.close"})


application = ProtocolTypeRouter(
    {
        "lifespan": lifespan,
        "http": RequestThreads(django_application),
        # Full origins: scheme, host and port. Host names alone would allow any scheme and port.
        "websocket": WebsocketHostValidator(
            OriginValidator(
                PathOrClose(URLRouter(websocket_urlpatterns)), settings.WEBSOCKET_ORIGINS
            ),
            settings.HOST_PORTS,
        ),
    }
)
