"""What follows from things that happen outside the chat."""

from typing import Any

from django.http import HttpRequest

from chat.broadcast import broadcast
from chat.conversations import catalogue
from chat.events import SignedOut


def sync_catalogue(**kwargs: Any) -> None:
    """After each `migrate`, which every start runs: the demonstration model is on or off."""
    catalogue.sync_local()


def close_sockets(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Sockets that came with a session end with it."""
    key = request.session.session_key if request is not None else None
    if key:
        broadcast.announce(SignedOut(key))
