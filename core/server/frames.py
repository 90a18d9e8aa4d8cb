"""What an application and its websocket agree on beyond ASGI."""

from autobahn.exception import Disconnected

__all__ = ["LISTEN", "Disconnected"]

# An extension of ASGI: the type of an event that an application may send to its websocket. Its
# `listener` is called with each incoming text message and returns whether it handled it; others
# arrive as usual. https://asgi.readthedocs.io/en/latest/extensions.html
LISTEN = "websocket.listen"
