"""One person's conversations in memory, in place of the database and of the running answers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from chat.models import ChatModel, Conversation, Message, Role, Run, Status
from chat.realtime.snapshots import LoadedThread
from chat.realtime.thread_state import DeletedThread, ThreadState
from chat.rendering.components.options import AnsweringModel
from chat.rendering.components.page import PageBody, body_html
from chat.rendering.components.thread_view import sidebar_page_html, thread_html
from chat.rendering.markdown import RENDERER_VERSION, render
from chat.selectors.change_feed import ChangedRow, Changes, Snapshot
from chat.selectors.context_usage import ContextUsage
from chat.selectors.messages import Siblings, ThreadPage
from chat.selectors.sidebar_page import SidebarPage
from chat.selectors.sidebar_rows import SidebarRow, is_unread
from chat.services.finish_run import FinishedRun
from chat.services.turns import Turn
from chat.streaming.live_answer import LiveAnswer

PAGE_SIZE = 6
# Tokens, one for a character: few, so that a few messages fill them.
WINDOW = 240
OPTIONS: dict[str, Any] = {
    "model": AnsweringModel("A model", "Its note", 0.7, 0.95, 2048),
    "unavailable": None,
    "models": (),
    "prompts": (),
    "temperature": (0.0, 2.0),
    "top_p": (0.0, 1.0),
    "least_tokens": 16,
}


@dataclass
class World:
    """`home` is the conversation that the page shows; `live` is its live answer."""

    owner: User = field(default_factory=lambda: User(pk=UUID(int=1), email="owner@example.org"))
    count: int = 1
    conversations: dict[UUID, Conversation] = field(default_factory=dict)
    messages: dict[UUID, Message] = field(default_factory=dict)
    thoughts: dict[UUID, str] = field(default_factory=dict)
    live: LiveAnswer | None = None
    turn: Turn | None = None

    def __post_init__(self) -> None:
        self.began = timezone.now()
        self.model = ChatModel(pk=UUID(int=2), context_window=WINDOW)
        self.home = self.add_conversation("Home")

    # Writes; `count` is the clock, the transaction id and the source of ids.
    def next(self) -> int:
        self.count += 1
        return self.count

    def add_conversation(self, title: str) -> Conversation:
        conversation = Conversation(
            pk=UUID(int=self.next()), owner=self.owner, title=title, version=1
        )
        self.conversations[conversation.pk] = conversation
        self.touch(conversation, bumped=True)
        return conversation

    def touch(self, conversation: Conversation, *, bumped: bool = False) -> None:
        """Write the row."""
        conversation.updated_xid = self.next()
        if bumped:
            conversation.last_activity_at = self.began + timedelta(seconds=conversation.updated_xid)

    def change_home(self, *, bumped: bool = False) -> None:
        """Write the row of the open conversation, with a new version."""
        self.home.version += 1
        self.touch(self.home, bumped=bumped)

    def add_message(self, parent: UUID | None, role: Role, text: str = "") -> Message:
        number = self.next()
        status = Status.COMPLETE if role == Role.USER else Status.PENDING
        message = Message(
            pk=UUID(int=number),
            conversation=self.home,
            parent_id=parent,
            seq=number,
            role=role,
            status=status,
            text=text,
        )
        self.messages[message.pk] = message
        self.home.active_leaf_id = message.pk
        return message

    def begin(self, answer: Message, question: Message | None = None) -> None:
        """Begin to write an answer, as a new turn; for a new question with both messages."""
        self.change_home(bumped=True)
        run = Run(model=self.model, max_tokens=0)
        self.live = LiveAnswer(
            self.home.pk, answer.pk, answer.text, self.thoughts.get(answer.pk, "")
        )
        self.turn = Turn(copy(self.home), copy(answer), run, copy(question) if question else None)

    def write(self, text: str) -> None:
        assert self.live is not None
        self.live.status, self.live.notice = Status.STREAMING, ""
        self.live.thinking.feed_text()
        self.live.stream.feed(text)
        self.publish()

    def think(self, thoughts: str) -> None:
        assert self.live is not None
        self.live.status, self.live.notice = Status.STREAMING, ""
        self.live.thinking.feed(thoughts)
        self.publish()

    def retract(self) -> None:
        assert self.live is not None
        self.live.retract()
        self.publish()

    def show_notice(self, notice: str) -> None:
        assert self.live is not None
        self.live.notice = notice
        self.live.had_notice = self.live.had_notice or bool(notice)
        self.publish()

    def finish(self, status: Status, reason: str) -> Callable[[], None]:
        """End the answer; the result tells the sockets, after the events of its commit."""
        assert self.live is not None
        live, self.live, self.turn = self.live, None, None
        message = self.messages[live.message_id]
        message.status, message.finish_reason, message.text = status, reason, live.text
        if live.thoughts:
            self.thoughts[message.pk] = live.thoughts
            message.thinking_ms = (message.thinking_ms or 0) + (live.thinking_ms or 0)
        message.html, message.renderer_version = render(live.text, message.pk.hex), RENDERER_VERSION
        self.change_home()
        message.finished_at = self.home.answered_at = self.began + timedelta(seconds=self.count)
        finished = FinishedRun(copy(self.home), copy(message))

        def tell() -> None:
            live.status, live.notice, live.finished = status, "", finished
            live.revision += 1
            for watcher in list(live.watchers):
                watcher()

        return tell

    def publish(self) -> None:
        assert self.live is not None
        self.live.stream.render()
        self.live.revision += 1
        for watcher in list(self.live.watchers):
            watcher()

    # Reads
    def branch(self) -> list[Message]:
        """The messages of the shown branch, oldest first."""
        branch: list[Message] = []
        key = self.home.active_leaf_id
        while key is not None:
            branch.append(self.messages[key])
            key = branch[-1].parent_id
        return branch[::-1]

    def siblings(self, message: Message) -> list[UUID]:
        return [
            other.pk
            for other in self.messages.values()
            if (other.parent_id, other.role) == (message.parent_id, message.role)
        ]

    def page(self) -> ThreadPage:
        shown = self.branch()[-PAGE_SIZE:]
        siblings = {}
        for message in shown:
            ids = tuple(self.siblings(message))
            if len(ids) > 1:
                siblings[message.pk] = Siblings(ids, ids.index(message.pk) + 1)
        older = shown[0].parent_id if shown else None
        return ThreadPage([copy(message) for message in shown], older, siblings)

    def usage(self) -> ContextUsage | None:
        branch = self.branch()
        if not branch:
            return None
        costs = [len(message.text) + 1 for message in branch]
        last = len(costs) - 1
        first = next(at for at in range(len(costs)) if at == last or sum(costs[at:]) <= WINDOW)
        used = min(WINDOW, sum(costs[first:]))
        return ContextUsage(
            used, WINDOW, True, branch[first].pk if first else None, self.model.pk, None
        )

    def load_thread(
        self, user: User, conversation_id: UUID, state: ThreadState
    ) -> LoadedThread | DeletedThread:
        if self.home.deleted_at is not None:
            return DeletedThread(conversation_id)
        return LoadedThread(copy(self.home), self.page(), self.usage(), OPTIONS)

    def row(self, user: User, conversation_id: UUID) -> SidebarRow | None:
        item = self.conversations[conversation_id]
        if item.deleted_at is not None:
            return None
        unread = is_unread(item.answered_at, item.seen_at)
        is_answering = item is self.home and self.live is not None
        return SidebarRow(item.pk, item.title, item.last_activity_at, is_answering, unread)

    def sidebar_page(self, user: User, open_id: UUID | None) -> SidebarPage:
        rows = filter(None, (self.row(user, key) for key in self.conversations))
        return SidebarPage(sorted(rows, key=lambda row: row.place, reverse=True), has_more=False)

    def top_row(self, user: User) -> set[UUID]:
        return {row.id for row in self.sidebar_page(user, None).newest[:1]}

    def snapshot(self) -> Snapshot:
        return Snapshot(self.count + 1, self.count + 1)

    def changes(self, since: Snapshot) -> Changes:
        changed = [
            ChangedRow(item.pk, item.updated_xid, self.row(self.owner, item.pk))
            for item in self.conversations.values()
            if item.updated_xid >= since.low
        ]
        return Changes(self.snapshot(), {self.owner.pk: changed})

    def html(self) -> str:
        """What a load of the page gives."""
        usage = self.usage()
        thread = thread_html(self.home, self.page(), usage, self.live)
        body = PageBody(self.home, OPTIONS, UUID(int=0), "", window=usage, thread=thread)
        rows = sidebar_page_html(self.sidebar_page(self.owner, None), self.snapshot())
        return f'{body_html(body)}<div id="sidebar-list">{rows}</div>'

    # In place of `chat.streaming.run_manager.runs`
    def find_live_answer(self, message_id: UUID | None) -> LiveAnswer | None:
        return self.live if self.live and self.live.message_id == message_id else None

    def turn_in_progress(self, conversation_id: UUID | None) -> Turn | None:
        return self.turn if conversation_id == self.home.pk else None

    @contextmanager
    def instead_of_the_database(self) -> Iterator[None]:
        """Let `OpenPage` read from here."""

        async def run_in_db(read: Callable[..., Any], *args: Any) -> Any:
            return read(*args)

        with ExitStack() as stack:
            for name, value in {
                "open_page.run_in_db": run_in_db,
                "open_page.runs": self,
                "open_page.load_thread": self.load_thread,
                "pending_rows.find_row": self.row,
                "pending_rows.load_sidebar_page": self.sidebar_page,
                "pending_rows.top_row": self.top_row,
                "pending_rows.change_feed.current_snapshot": self.snapshot,
            }.items():
                stack.enter_context(patch(f"chat.realtime.{name}", value))
            yield
