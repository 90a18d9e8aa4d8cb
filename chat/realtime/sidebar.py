"""What one socket's page shows of the sidebar, and what is to be sent for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.events import ChangeKind
from chat.models import Conversation
from chat.rendering.components import htmx, thread_view
from chat.selectors import change_feed, messages
from chat.selectors.change_feed import ChangedRow, Snapshot
from chat.selectors.messages import SidebarRow
from chat.selectors.sidebar_page import load_sidebar_page
from chat.services.read_state import is_unread


@dataclass(slots=True)
class SidebarState:
    """`since` is what the page's list was made of; None if that is not known. `shown` is the
    conversation whose line the list keeps in it.

    `stale` asks for the list whole. `lines` is what this socket sent: None for a removed line.
    """

    since: Snapshot | None = None
    stale: bool = False
    shown: UUID | None = None
    heard: dict[UUID, ChangeKind] = field(default_factory=dict)
    lines: dict[UUID, SidebarRow | None] = field(default_factory=dict)
    doubts: set[UUID] = field(default_factory=set)

    def hear(self, key: UUID, what: ChangeKind) -> None:
        """A line that moved and then changed has still moved. What is known of one of two changes
        may not be all."""
        before = self.heard.get(key)
        if before is not None:
            self.doubts.add(key)
        self.heard[key] = (
            ChangeKind.BUMPED
            if before is ChangeKind.BUMPED and what is ChangeKind.SIDEBAR_ROW
            else what
        )

    def compare(self, written: Iterable[ChangedRow], as_of: Snapshot) -> None:
        """What was written since the last look: events of it may have been lost."""
        since, self.since = self.since, as_of
        if since is None:
            return
        self.doubts |= {
            found.id
            for found in written
            if not since.saw(found.written_in) and not self.shows(found.id, found.row)
        }

    def shows(self, key: UUID, row: SidebarRow | None) -> bool:
        return key in self.lines and self.lines[key] == row

    @property
    def is_behind(self) -> bool:
        return bool(self.heard or self.doubts or self.stale)

    def frame(self, user: User) -> dict[str, Any] | None:
        """The lines that changed, or the list whole; database work."""
        heard, self.heard = self.heard, {}
        doubts, self.doubts = self.doubts - heard.keys(), set()
        content = "".join(self.line(user, key, what) for key, what in heard.items())
        content += "".join(self.looked_up(user, key) for key in doubts)
        if self.stale:
            content = self.whole(user)
        return {"event": "sidebar", "content": content} if content else None

    def begun(self, conversation: Conversation) -> str:
        """The line of a conversation in which an answer began, as `line` would make it of its row;
        nothing where it was not heard of."""
        row = self.told(conversation, ChangeKind.BUMPED, answering=True)
        return thread_view.bumped_row_html(row) if row else ""

    def ended(self, conversation: Conversation) -> str:
        """The same of one in which the answer ended."""
        row = self.told(conversation, ChangeKind.SIDEBAR_ROW, answering=False)
        return replaced_row_html(row) if row else ""

    def told(
        self, conversation: Conversation, what: ChangeKind, *, answering: bool
    ) -> SidebarRow | None:
        """The line of a row that is known, where this and nothing else was heard of it."""
        if self.heard.get(conversation.pk) is not what:
            return None
        del self.heard[conversation.pk]
        unread = is_unread(conversation.answered_at, conversation.seen_at)
        row = SidebarRow(
            conversation.pk, conversation.title, conversation.active_at, answering, unread
        )
        self.lines[row.id] = row
        return row

    def whole(self, user: User) -> str:
        self.stale = False
        self.since = change_feed.current_snapshot()
        found = load_sidebar_page(user, self.shown)
        self.lines |= found.rows
        html = thread_view.sidebar_page_html(found, self.since)
        return htmx.partial("#rows", "innerHTML", html)

    def line(self, user: User, key: UUID, what: ChangeKind) -> str:
        row = self.lines[key] = None if what is ChangeKind.DELETED else find_row(user, key)
        if row is None:
            return htmx.partial(f"#row-{key.hex}", "delete")
        return (
            thread_view.bumped_row_html(row)
            if what is ChangeKind.BUMPED
            else replaced_row_html(row)
        )

    def looked_up(self, user: User, key: UUID) -> str:
        """A line that nothing was heard of. If it may have moved, its place is not known here."""
        row = find_row(user, key)
        if self.shows(key, row):
            return ""
        before, self.lines[key] = self.lines.get(key), row
        if row is not None and (before is None or before.active_at != row.active_at):
            self.stale = True
            return ""
        return self.line(user, key, ChangeKind.DELETED if row is None else ChangeKind.SIDEBAR_ROW)


def replaced_row_html(row: SidebarRow) -> str:
    return htmx.partial(f"#row-{row.id.hex}", "outerHTML", thread_view.row_html(row))


def find_row(user: User, key: UUID) -> SidebarRow | None:
    try:
        return messages.get_row(user, key)
    except Conversation.DoesNotExist:
        return None
