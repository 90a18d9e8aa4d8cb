"""Telling those who look: sockets of this process at once, other processes by the channel layer.

The only use of the channel layer. It carries rare events, and text in frames of 100 ms and more for
processes that asked for it. It may lose, double or reorder them: an event says only that something
changed, whoever hears it looks at the database, and text has its place in the answer.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from channels.layers import get_channel_layer
from django.conf import settings

from chat.events import (
    AccountChanged,
    AnswerSubscribed,
    AnswerText,
    Changed,
    ChangeKind,
    Event,
    SessionRenewed,
    SignedOut,
    StopRequested,
)
from core.db.outages import OutageLog
from core.tasks import TaskSet

log = logging.getLogger("chat.pubsub")
# Of sending and hearing together.
redis = OutageLog(log, "Redis")

GROUP = "chat"
# A layer that hangs must not hold memory: what does not leave in time is lost, as it may be.
SEND_SECONDS = 2.0
MAX_QUEUED = 2_000
# A layer that is away says nothing by itself: where nothing else is sent, something is.
BEAT_SECONDS = 5.0
AGAIN_SECONDS = 1.0
# No event. It goes to this process itself, and is left out as all its own words are.
BEAT = {"type": "Beat"}
REASONS = {
    "AuthenticationError": "password refused",
    "BusyLoadingError": "starting up",
    "ConnectionError": "connection lost",
    "MaxConnectionsError": "too many connections",
    "TimeoutError": "no answer in time",
}
Listener = Callable[[Event], None]


class PubSub:
    """The events of one process; used from its event loop, `announce` from any thread."""

    def __init__(self) -> None:
        self.name = uuid4().hex
        self.listeners: set[Listener] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tasks = TaskSet()
        self.outbox: asyncio.Queue[Event] = asyncio.Queue(MAX_QUEUED)
        self.channel = ""

    def start(self) -> None:
        """Bind to the running loop and listen to other processes, once."""
        if self.loop is not None:
            return
        self.loop = asyncio.get_running_loop()
        if settings.REDIS_URL:
            self.tasks.start(self.subscribe())
            self.tasks.start(self.deliver_outbox())

    def publish_threadsafe(self, event: Event) -> None:
        """Tell everyone; returns at once. Call it after the commit."""
        if self.loop is None:
            return
        self.loop.call_soon_threadsafe(self.publish, event)

    def publish(self, event: Event) -> None:
        self.dispatch(event)
        self.publish_remote(event)

    def dispatch(self, event: Event) -> None:
        for listener in list(self.listeners):
            listener(event)

    def publish_remote(self, event: Event) -> None:
        """Only the other processes; from the event loop."""
        if settings.REDIS_URL and not self.outbox.full():
            self.outbox.put_nowait(event)

    async def deliver_outbox(self) -> None:
        """Send one event after the other, for as long as the process lives."""
        while True:
            try:
                pause = AGAIN_SECONDS if redis.reason else BEAT_SECONDS
                async with asyncio.timeout(pause):
                    event = await self.outbox.get()
            except TimeoutError:
                await self.beat()
            else:
                await self.send(event)

    async def send(self, event: Event) -> None:
        message = serialize(event, self.name)
        await self.attempt(lambda layer: layer.group_send(GROUP, message))

    async def beat(self) -> None:
        """Find out whether the layer is there."""
        if self.channel:
            message = BEAT | {"from": self.name}
            await self.attempt(lambda layer: layer.send(self.channel, message))

    async def attempt(self, work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """Do this with the layer; what fails is lost, as it may be."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await work(get_channel_layer())
        except Exception as problem:  # whatever the layer's client raises; the watch makes up
            redis.begin(reason_of(problem))
        else:
            if self.channel:
                redis.end()

    async def subscribe(self) -> None:
        """Hand what other processes say to this one's listeners, for as long as it lives."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self.channel = channel
                redis.end()
                while True:
                    self.on_message(await layer.receive(channel))
            except Exception as problem:  # the layer is away; it comes back
                self.channel = ""
                redis.begin(reason_of(problem))
                await asyncio.sleep(AGAIN_SECONDS)
                await self.flush_layer(layer)

    async def flush_layer(self, layer: Any) -> None:
        """Let go of the channels of the connection that was lost; nobody would empty them."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await layer.flush()
        except Exception as problem:
            redis.begin(reason_of(problem))

    def on_message(self, message: dict[str, str]) -> None:
        """Whatever another process sent; our own words come back too and are left out."""
        try:
            if message.get("from") != self.name:
                self.dispatch(deserialize(message))
        except (KeyError, ValueError, AttributeError) as problem:
            log.warning("event not understood: %s", type(problem).__name__)


def reason_of(problem: BaseException) -> str:
    """Why Redis cannot be reached, without its address and the text of its client."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    if "refused" in str(problem):  # at each of several addresses
        return "connection refused"
    return REASONS.get(type(problem).__name__, type(problem).__name__)


def serialize(event: Event, sender: str = "") -> dict[str, str]:
    """The event as plain strings, as every layer can carry them."""
    return {
        "type": type(event).__name__,
        "from": sender,
        **{key: str(value) for key, value in asdict(event).items()},
    }


def read_changed(message: dict[str, str]) -> Changed:
    return Changed(
        UUID(message["owner_id"]), UUID(message["conversation_id"]), ChangeKind(message["what"])
    )


READERS: dict[str, Callable[[dict[str, str]], Event]] = {
    Changed.__name__: read_changed,
    StopRequested.__name__: lambda message: StopRequested(UUID(message["run_id"])),
    SignedOut.__name__: lambda message: SignedOut(message["session_key"]),
    SessionRenewed.__name__: lambda message: SessionRenewed(message["session_key"]),
    AccountChanged.__name__: lambda message: AccountChanged(UUID(message["user_id"])),
    AnswerSubscribed.__name__: lambda message: AnswerSubscribed(UUID(message["message_id"])),
    AnswerText.__name__: lambda message: AnswerText(
        UUID(message["message_id"]), int(message["offset"]), message["text"], message["notice"]
    ),
}


def deserialize(message: dict[str, str]) -> Event:
    """Raises KeyError or ValueError for what is no event."""
    return READERS[message["type"]](message)


pubsub = PubSub()
