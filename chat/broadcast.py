"""Telling those who look: sockets of this process at once, other processes by the channel layer.

The only use of the channel layer. It carries rare events and may lose, double or reorder them:
an event says only that something changed, and whoever hears it looks at the database.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings

from chat.events import Changed, Event, SignedOut, StopAsked, What

log = logging.getLogger("chat.broadcast")

GROUP = "chat"
Listener = Callable[[Event], None]


class Broadcast:
    """The events of one process; used from its event loop, `announce` from any thread."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Bind to the running loop and listen to other processes, once."""
        if self.loop is not None:
            return
        self.loop = asyncio.get_running_loop()
        if settings.REDIS_URL:
            self.keep(self.hear())

    def keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def announce(self, event: Event) -> None:
        """Tell everyone; returns at once. Call it after the commit."""
        if self.loop is None:
            return
        self.loop.call_soon_threadsafe(self.spread, event)

    def spread(self, event: Event) -> None:
        self.tell(event)
        if settings.REDIS_URL:
            self.keep(self.send(event))

    def tell(self, event: Event) -> None:
        for listener in list(self.listeners):
            listener(event)

    async def send(self, event: Event) -> None:
        try:
            await get_channel_layer().group_send(GROUP, packed(event))
        except (
            Exception
        ) as problem:  # whatever the layer's client raises: the watch makes up for it
            log.warning("event not sent to other processes: %s", type(problem).__name__)

    async def hear(self) -> None:
        """Hand what other processes say to this one's listeners, for as long as it lives."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                while True:
                    self.tell(unpacked(await layer.receive(channel)))
            except (KeyError, ValueError) as problem:
                log.warning("event not understood: %s", type(problem).__name__)
            except Exception as problem:  # the layer is away; it comes back
                log.warning("channel layer lost: %s", type(problem).__name__)
                await asyncio.sleep(1)


def packed(event: Event) -> dict[str, str]:
    """The event as plain strings, as every layer can carry them."""
    return {
        "type": type(event).__name__,
        **{key: str(value) for key, value in asdict(event).items()},
    }


def unpacked(message: dict[str, str]) -> Event:
    """Raises KeyError or ValueError for what is no event."""
    kind = message["type"]
    if kind == "Changed":
        return Changed(
            UUID(message["owner_id"]), UUID(message["conversation_id"]), What(message["what"])
        )
    if kind == "StopAsked":
        return StopAsked(UUID(message["run_id"]))
    if kind == "SignedOut":
        return SignedOut(message["session_key"])
    raise ValueError(kind)


broadcast = Broadcast()
