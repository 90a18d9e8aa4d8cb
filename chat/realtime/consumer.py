"""The websocket of a page."""

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
from chat.realtime.frame import Frame, FrameEncoder
from chat.realtime.locale import activate_browser_locale
from chat.realtime.open_page import OpenPage
from chat.realtime.page_state import PageState
from chat.realtime.pending_rows import PendingRows
from chat.realtime.thread_state import ThreadState
from chat.rendering.components import thread_view
from chat.rendering.components.patches import page_notice_patch
from chat.selectors import messages
from chat.selectors.change_feed import Snapshot
from chat.streaming.run_manager import runs
from core.db.errors import RETRYABLE_ERRORS
from core.db.executors import run_in_db
from core.logging import FailureLogger
from core.server.frames import LISTEN, Disconnected
from core.web.error_views import notice_html

log = logging.getLogger("chat.socket")

NOT_FOUND = 4404
TOO_MANY = 4429
# Seconds after which a page that acknowledges nothing is closed; if it lives, it reconnects.
ACK_SECONDS = 30.0
# The most characters of a frame of a page: an acknowledgement or a ping.
FRAME_CHARS = 256
ACK_PATTERN = re.compile(r'\{"ack":(0|[1-9][0-9]{0,14})\}')
MAX_BAD_FRAMES = 50
# Seconds between reads while the database is away; sockets stay open meanwhile.
RETRY_SECONDS = 1.0
# Reasons after which the page offers to sign in.
SIGN_IN_REASONS = (EndReason.ENDED, EndReason.PASSWORD_CHANGED)
# One log line for all sockets when such a task begins to fail, and one when it works again.
opening = FailureLogger(log, "opening sockets")
reading = FailureLogger(log, "reading for sockets")


class ChatConsumer(AsyncWebsocketConsumer):
    """`connect` authorises and registers the page; a task sends it the newest state."""

    # No channel layer has this name, so Channels opens no channel for each socket.
    channel_layer_alias = "unused"
    page: OpenPage | None = None
    pump_task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        # A page cannot read why a handshake was refused, so accept, send the reason and close.
        await self.accept()
        activate_browser_locale(self.scope)
        self.bad_frame_count = 0
        self.encoder = FrameEncoder()
        self.acks = AckTracker(ACK_SECONDS, lambda: self.hang_up(RECONNECT))
        if LISTEN in self.scope.get("extensions", {}):
            await AsyncConsumer.send(self, {"type": LISTEN, "listener": self.on_ack_text})
        try:
            await self.admit()
            opening.record_success()
        except RETRYABLE_ERRORS as error:
            opening.record_failure(error)
            await self.close(RECONNECT)
        except DatabaseError as error:
            log.error("websocket failed: %s", type(error).__name__, exc_info=error)
            await self.close(RECONNECT)

    async def admit(self) -> None:
        """Register the page if its user may have it open, else say why not and close."""
        session_key = session_key_of(self.scope)
        conversation_id = self.scope["url_route"]["kwargs"].get("conversation_id")
        user, may_read = await run_in_db(load_access, session_key, conversation_id)
        if user is None and connections.is_renewed(session_key):
            # The response that tells the browser the new key is still on its way.
            await self.close(RECONNECT)
            return
        if user is None:
            await self.refuse(SIGNED_OUT, EndReason.ENDED)
            return
        query = query_of(self.scope)
        if query.get("person", user.pk.hex) != user.pk.hex:
            # Somebody else signed in in another tab; the page is of the person before.
            await self.refuse(SIGNED_OUT, "other-account")
            return
        if not may_read:
            await self.refuse(NOT_FOUND, "not-found")
            return
        connections.close_previous(user.pk, query.get("page", ""))
        if connections.is_full(user.pk):
            await self.refuse(TOO_MANY, "too-many")
            return
        if runs.is_draining:
            # The other sockets are closed already; this one would not be told.
            await self.close(RESTARTING)
            return
        self.join(user, session_key, conversation_id, query)

    def join(
        self, user: User, session_key: str, conversation_id: UUID | None, query: dict[str, str]
    ) -> None:
        """Register the page, with what it says about itself in the query of its socket."""
        version = query.get("at", "")
        thread = ThreadState(int(version) if version.isdecimal() and len(version) < 19 else -1)
        since = Snapshot.parse(query.get("rows", ""))
        self.page = OpenPage(
            user,
            session_key,
            conversation_id,
            query.get("page", ""),
            PageState(thread),
            PendingRows(since, "again" in query, conversation_id),
        )
        self.page.wake.set()
        connections.join(self.page, self.hang_up)
        self.pump_task = asyncio.create_task(self.push_frames(self.page))

    async def refuse(self, code: int, event: str) -> None:
        """Send the page a notice with the reason, and close its socket."""
        sentence = thread_view.close_reason(event)
        html = notice_html(sentence, sign_in=event in SIGN_IN_REASONS)
        await self.push(Frame(event, [page_notice_patch(html)]))
        await self.close(code)

    def hang_up(self, code: int, reason: EndReason = EndReason.ENDED) -> None:
        """Close the socket from outside; with `SIGNED_OUT` the page is told the reason."""
        page, self.page = self.page, None
        if page is None:
            return
        connections.leave(page)
        self.acks.close()
        if self.pump_task:
            self.pump_task.cancel()
        closing = self.refuse(code, reason) if code == SIGNED_OUT else self.close(code)
        self.pump_task = asyncio.create_task(closing)

    def on_ack_text(self, text: str) -> bool:
        """Handle an acknowledgement; return False for anything else, which `receive` gets."""
        match = ACK_PATTERN.fullmatch(text)
        if match:
            self.acks.acknowledge(int(match[1]))
        return match is not None

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
        """Release memory of this process. Channels may never call this."""
        self.acks.close()
        if self.page is not None:
            connections.leave(self.page)
            self.page = None
        if self.pump_task is not None:
            self.pump_task.cancel()

    async def push_frames(self, page: OpenPage) -> None:
        """Send a frame whenever something changed, if the page has acknowledged the last one."""
        try:
            while True:
                await page.wake.wait()
                page.wake.clear()
                while not page.is_current and (frame := await self.next_frame(page)):
                    await self.push(frame)
        except Disconnected:
            connections.leave(page)
        except Exception as error:
            # The page reconnects and then gets the whole state.
            log.error("socket failed: %s", type(error).__name__, exc_info=error)
            connections.leave(page)
            with suppress(Disconnected):
                await self.close(RECONNECT)

    async def next_frame(self, page: OpenPage) -> Frame | None:
        """Return the next frame once the last one is acknowledged; wait while the database is away.

        Returns None if the page shows everything.
        """
        await self.acks.wait_for_all()
        while True:
            try:
                frame = await page.next_frame()
            except RETRYABLE_ERRORS as error:
                reading.record_failure(error)
            else:
                reading.record_success()
                return frame
            page.mark_all_stale()
            await asyncio.sleep(RETRY_SECONDS)

    async def push(self, frame: Frame) -> None:
        await self.send(text_data=self.encoder.encode(frame, self.acks.next_seq()))


def parse_frame(text: str | None) -> dict[str, int]:
    """Return an acknowledgement or a ping with its number, or {} for anything else."""
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
    """Return the query of the socket's address, as names and values."""
    parts = scope["query_string"].decode().split("&")
    return dict(part.split("=", 1) for part in parts if "=" in part)


def session_key_of(scope: dict[str, Any]) -> str:
    """Return the session cookie of the handshake, "" without one, parsed as Django does it."""
    for name, value in scope["headers"]:
        if name == b"cookie":
            return parse_cookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME, "")
    return ""


def load_access(session_key: str, conversation_id: UUID | None) -> tuple[User | None, bool]:
    """Return the user of a session, and whether they may read the conversation, if one is given."""
    user = user_of_session(session_key)
    may_read = conversation_id is None or (
        user is not None and messages.owns_conversation(user, conversation_id)
    )
    return user, may_read
