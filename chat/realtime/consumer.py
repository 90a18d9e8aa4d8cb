"""One websocket per page."""

import asyncio
import json
import logging
import re
from contextlib import suppress
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import DatabaseError
from django.http import parse_cookie

from accounts.models import User
from accounts.sessions import EndReason, user_of_session
from chat.realtime.acks import AckTracker
from chat.realtime.connection_registry import RECONNECT, RESTARTING, SIGNED_OUT, connections
from chat.realtime.locale import activate_browser_locale
from chat.realtime.page_state import PageState
from chat.realtime.sidebar import SidebarState
from chat.rendering.components import htmx, thread_view
from chat.selectors import messages
from chat.selectors.change_feed import Snapshot
from chat.streaming.run_manager import runs
from core.db.errors import RETRYABLE_ERRORS
from core.db.executors import run_in_db
from core.logging import OutageLogger
from core.server.frames import LISTEN, Disconnected
from core.web.error_views import notice_html

log = logging.getLogger("chat.socket")

NOT_FOUND = 4404
TOO_MANY = 4429
# A page that acknowledges nothing for this long is gone, or comes back with a fresh socket.
ACK_SECONDS = 30.0
# The page sends an acknowledgement or a ping; anything longer is not ours.
FRAME_CHARS = 256
ACKNOWLEDGED = re.compile(r'\{"ack":(0|[1-9][0-9]{0,14})\}')
# Encodes a text as JSON; the encoder is made once.
encode_json = json.JSONEncoder(ensure_ascii=False).encode
# Keys that are in every frame.
REQUIRED_KEYS = ("event", "content")
MAX_BAD_FRAMES = 50
# Seconds between looks while the database is away; the socket stays, so nobody has to reconnect.
RETRY_SECONDS = 1.0
CAN_SIGN_IN = (EndReason.ENDED, EndReason.PASSWORD_CHANGED)
# Of all sockets together: one line when they begin to wait, and one when they go on.
opening = OutageLogger(log, "opening sockets")
looking = OutageLogger(log, "looking for sockets")


class ChatConsumer(AsyncWebsocketConsumer):
    """`connect` authorises and joins; `receive` notes an acknowledgement; a task pushes."""

    # No channel layer has this name, so Channels opens no channel for each socket.
    channel_layer_alias = "unused"
    page: PageState | None = None
    pump_task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        # A refused handshake makes htmx try again for ever: strangers are let in, told, closed.
        await self.accept()
        activate_browser_locale(self.scope)
        self.bad_frame_count = 0
        self.sent_values: dict[str, str] = {}
        self.acks = AckTracker(ACK_SECONDS, lambda: self.hang_up(RECONNECT))
        if LISTEN in self.scope.get("extensions", {}):
            await AsyncConsumer.send(self, {"type": LISTEN, "listener": self.on_ack_text})
        try:
            await self.admit()
            opening.record_success()
        except RETRYABLE_ERRORS as problem:
            opening.record_failure(problem)
            await self.close(RECONNECT)
        except DatabaseError as problem:
            log.error("a socket failed: %s", type(problem).__name__, exc_info=problem)
            await self.close(RECONNECT)

    async def admit(self) -> None:
        session_key = session_key_of(self.scope)
        conversation_id = self.scope["url_route"]["kwargs"].get("conversation_id")
        user, exists = await run_in_db(load_access, session_key, conversation_id)
        if user is None and connections.is_renewed(session_key):
            # The answer that tells the browser the new key is still on its way.
            await self.close(RECONNECT)
            return
        if user is None:
            await self.refuse(SIGNED_OUT, EndReason.ENDED)
            return
        if not exists:
            await self.refuse(NOT_FOUND, "not-found")
            return
        query = query_of(self.scope)
        connections.close_previous(user.pk, query.get("page", ""))
        if connections.is_full(user.pk):
            await self.refuse(TOO_MANY, "too-many")
            return
        if runs.is_draining:
            # It came in while the others were sent away, and nobody would tell it later.
            await self.close(RESTARTING)
            return
        self.join(user, session_key, conversation_id, query)

    def join(
        self, user: User, session_key: str, conversation_id: UUID | None, query: dict[str, str]
    ) -> None:
        version = query.get("at", "")
        self.page = PageState(
            user,
            session_key,
            conversation_id,
            version=int(version) if version.isdecimal() and len(version) < 19 else -1,
            page=query.get("page", ""),
            sidebar=SidebarState(
                Snapshot.parse(query.get("rows", "")), "again" in query, conversation_id
            ),
        )
        self.page.wake.set()
        connections.join(self.page, self.hang_up)
        self.pump_task = asyncio.create_task(self.push_frames(self.page))

    async def refuse(self, code: int, event: str) -> None:
        sentence = thread_view.close_reason(event)
        html = notice_html(sentence, sign_in=event in CAN_SIGN_IN)
        await self.push(
            {"event": event, "content": htmx.partial("#page-notice", "innerHTML", html)}
        )
        await self.close(code)

    def hang_up(self, code: int, reason: EndReason = EndReason.ENDED) -> None:
        """Close from outside; a page whose login is over is told the reason."""
        feed, self.page = self.page, None
        if feed is None:
            return
        connections.leave(feed)
        self.acks.close()
        if self.pump_task:
            self.pump_task.cancel()
        work = self.refuse(code, reason) if code == SIGNED_OUT else self.close(code)
        self.pump_task = asyncio.create_task(work)

    def on_ack_text(self, text: str) -> bool:
        """Take an acknowledgement as it comes in; False for anything else, which is received."""
        found = ACKNOWLEDGED.fullmatch(text)
        if found:
            self.acks.acknowledge(int(found[1]))
        return found is not None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        frame = parse_frame(text_data)
        if "ack" in frame:
            self.acks.acknowledge(frame["ack"])
        elif "ping" in frame:
            with suppress(Disconnected):
                await self.send(text_data=json.dumps({"pong": frame["ping"]}))
        else:
            self.bad_frame_count += 1
            if self.bad_frame_count > MAX_BAD_FRAMES:
                await self.close(4400)

    async def disconnect(self, code: int) -> None:
        """May never be called, so nothing but this process's memory hangs on it."""
        self.acks.close()
        if self.page is not None:
            connections.leave(self.page)
            self.page = None
        if self.pump_task is not None:
            self.pump_task.cancel()

    async def push_frames(self, feed: PageState) -> None:
        """Send the newest state whenever it changed; one unacknowledged frame at a time."""
        try:
            while True:
                await feed.wake.wait()
                feed.wake.clear()
                while not feed.is_current and (frame := await self.next_frame(feed)):
                    await self.push(frame)
        except Disconnected:
            connections.leave(feed)
        except Exception as problem:
            # The page comes back and gets a fresh snapshot.
            log.error("socket failed: %s", type(problem).__name__, exc_info=problem)
            connections.leave(feed)
            with suppress(Disconnected):
                await self.close(RECONNECT)

    async def next_frame(self, feed: PageState) -> dict[str, Any] | None:
        """The next frame, as soon as the last one is acknowledged and the database can be asked."""
        await self.acks.wait_for_all()
        while True:
            try:
                frame = await feed.next_frame()
            except RETRYABLE_ERRORS as problem:
                looking.record_failure(problem)
            else:
                looking.record_success()
                return frame
            feed.mark_all_stale()
            await asyncio.sleep(RETRY_SECONDS)

    async def push(self, frame: dict[str, str]) -> None:
        """Keys other than `seq`, `event` and `content` go only where they changed."""
        parts = [f'{{"seq":{self.acks.next_seq()}']
        for key, value in frame.items():
            if key in REQUIRED_KEYS or self.sent_values.get(key) != value:
                parts.append(f',"{key}":{encode_json(value)}')
            if key not in REQUIRED_KEYS:
                self.sent_values[key] = value
        await self.send(text_data="".join(parts) + "}")


def parse_frame(text: str | None) -> dict[str, int]:
    """An acknowledgement or a ping, or {} for anything else."""
    if text is None or len(text) > FRAME_CHARS:
        return {}
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(frame, dict) or len(frame) != 1:
        return {}
    (key, value), *_ = frame.items()
    return {key: value} if key in ("ack", "ping") and type(value) is int else {}


def query_of(scope: dict[str, Any]) -> dict[str, str]:
    """What the page says about itself in the address of its socket."""
    parts = scope["query_string"].decode().split("&")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def session_key_of(scope: dict[str, Any]) -> str:
    """The session cookie of the handshake, read as pages read it, or "" without one."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return ""


def load_access(session_key: str, conversation_id: UUID | None) -> tuple[User | None, bool]:
    """Whose session it is, and whether that person may look at this conversation."""
    user = user_of_session(session_key)
    is_theirs = conversation_id is None or (
        user is not None and messages.owns_conversation(user, conversation_id)
    )
    return user, is_theirs
