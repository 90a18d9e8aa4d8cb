"""An application behind the real server that answers with the scope that reached it."""

import json
from typing import Any

from config import asgi

NAMES = ("type", "path", "root_path", "scheme", "method", "client", "subprotocols")


def seen(scope: dict[str, Any]) -> str:
    headers = [[name.decode(), value.decode("latin-1")] for name, value in scope["headers"]]
    return json.dumps({name: scope.get(name) for name in NAMES} | {"headers": headers})


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await asgi.application(scope, receive, send)
        return
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": seen(scope).encode()})
        return
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": seen(scope)})
    await receive()
    await receive()
