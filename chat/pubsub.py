"""Publish events: to listeners of this process at once, to other processes by the channel layer.

Nothing else uses the channel layer. It carries rare events, and the text of answers for processes
that follow them, at most every 100 ms. It may lose, repeat or reorder messages: an event says only
that something changed, receivers then read the database, and text comes with its offset.
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
from core.db.outages import ServiceOutageLog
from core.tasks import TaskSet

log = logging.getLogger("chat.pubsub")
# One log for sending and receiving.
redis = ServiceOutageLog(log, "Redis")

GROUP = "chat"
# Limits for a layer that hangs, in seconds and in events; what exceeds them is dropped.
SEND_SECONDS = 2.0
MAX_QUEUED = 2_000
# Seconds after which an idle process sends a message to itself, to find out whether Redis is there.
BEAT_SECONDS = 5.0
AGAIN_SECONDS = 1.0
# This message is no event. It goes to this process itself, which ignores its own messages.
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
    """The events of one process. Use it from the event loop, `publish_threadsafe` from any thread.

    `name` identifies the process in its messages, `outbox` has the events for other processes.
    """

    def __init__(self) -> None:
        self.name = uuid4().hex
        self.listeners: set[Listener] = set()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tasks = TaskSet()
        self.outbox: asyncio.Queue[Event] = asyncio.Queue(MAX_QUEUED)
        self.channel = ""

    def start(self) -> None:
        """Connect to other processes, on the running loop; only the first call does."""
        if self.loop is not None:
            return
        self.loop = asyncio.get_running_loop()
        if settings.REDIS_URL:
            self.tasks.start(self.subscribe())
            self.tasks.start(self.deliver_outbox())

    def publish_threadsafe(self, event: Event) -> None:
        """Publish an event from any thread, without waiting. Call it after the commit."""
        if self.loop is None:
            return
        self.loop.call_soon_threadsafe(self.publish, event)

    def publish(self, event: Event) -> None:
        """Publish an event to this process and to all others."""
        self.dispatch(event)
        self.publish_remote(event)

    def dispatch(self, event: Event) -> None:
        """Call all listeners of this process."""
        for listener in list(self.listeners):
            listener(event)

    def publish_remote(self, event: Event) -> None:
        """Publish an event to the other processes only."""
        if settings.REDIS_URL and not self.outbox.full():
            self.outbox.put_nowait(event)

    async def deliver_outbox(self) -> None:
        """Send the events of the outbox one by one, for as long as the process lives."""
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
        """Send a message to this process, to find out whether Redis is there."""
        if self.channel:
            message = BEAT | {"from": self.name}
            await self.attempt(lambda layer: layer.send(self.channel, message))

    async def attempt(self, work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """Do some work with the layer; errors are logged, and the message is lost."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await work(get_channel_layer())
        except Exception as error:  # the layer's client may raise anything
            redis.begin(reason_of(error))
        else:
            if self.channel:
                redis.end()

    async def subscribe(self) -> None:
        """Receive the events of other processes, for as long as this one lives."""
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(GROUP, channel)
                self.channel = channel
                redis.end()
                while True:
                    self.on_message(await layer.receive(channel))
            except Exception as error:  # retry, whatever the layer's client raises
                self.channel = ""
                redis.begin(reason_of(error))
                await asyncio.sleep(AGAIN_SECONDS)
                await self.flush_layer(layer)

    async def flush_layer(self, layer: Any) -> None:
        """Remove the channels of the lost connection, which no one would read any more."""
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await layer.flush()
        except Exception as error:
            redis.begin(reason_of(error))

    def on_message(self, message: dict[str, str]) -> None:
        """Dispatch an event of another process; ignore messages of this one."""
        try:
            if message.get("from") != self.name:
                self.dispatch(deserialize(message))
        except (KeyError, ValueError, AttributeError) as error:
            log.warning("unknown event: %s", type(error).__name__)


def reason_of(error: BaseException) -> str:
    """Return why Redis cannot be reached, without its address and the message of the client."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
        cause = cause.__cause__ or cause.__context__
    if "refused" in str(error):  # the error of several addresses has no number
        return "connection refused"
    return REASONS.get(type(error).__name__, type(error).__name__)


def serialize(event: Event, sender: str = "") -> dict[str, str]:
    """Return the event as strings, which every layer can carry."""
    return {
        "type": type(event).__name__,
        "from": sender,
        **{key: str(value) for key, value in asdict(event).items()},
    }


def read_changed(message: dict[str, str]) -> Changed:
    return Changed(
        UUID(message["owner_id"]), UUID(message["conversation_id"]), ChangeKind(message["what"])
    )


def read_answer_text(message: dict[str, str]) -> AnswerText:
    return AnswerText(
        UUID(message["message_id"]),
        int(message["offset"]),
        message["text"],
        message["notice"],
        message["is_thought"] == str(True),
    )


READERS: dict[str, Callable[[dict[str, str]], Event]] = {
    Changed.__name__: read_changed,
    StopRequested.__name__: lambda message: StopRequested(UUID(message["run_id"])),
    SignedOut.__name__: lambda message: SignedOut(message["session_key"]),
    SessionRenewed.__name__: lambda message: SessionRenewed(message["session_key"]),
    AccountChanged.__name__: lambda message: AccountChanged(UUID(message["user_id"])),
    AnswerSubscribed.__name__: lambda message: AnswerSubscribed(UUID(message["message_id"])),
    AnswerText.__name__: read_answer_text,
}


def deserialize(message: dict[str, str]) -> Event:
    """Return the event of a message. Raises KeyError or ValueError if it is none."""
    return READERS[message["type"]](message)


pubsub = PubSub()
