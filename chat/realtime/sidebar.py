"""What one socket's page shows of the sidebar, and what is to be sent for it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.events import ChangeKind
from chat.models import Conversation
from chat.rendering.components import htmx, thread_view
from chat.selectors import change_feed, sidebar_rows
from chat.selectors.change_feed import ChangedRow, Snapshot
from chat.selectors.sidebar_page import load_sidebar_page
from chat.selectors.sidebar_rows import SidebarRow, is_unread


@dataclass(slots=True)
class SidebarState:
    """`since` is what the page's list was made of; None if that is not known. `shown` is the
    conversation whose line the list keeps in it.

    `stale` asks for the list whole. `lines` is what this socket sent: None for a removed line.
    """

    since: Snapshot | None = None
    stale: bool = False
    open_conversation: UUID | None = None
    pending: dict[UUID, ChangeKind] = field(default_factory=dict)
    sent_rows: dict[UUID, SidebarRow | None] = field(default_factory=dict)
    suspect: set[UUID] = field(default_factory=set)

    def on_change(self, key: UUID, what: ChangeKind) -> None:
        """A line that moved and then changed has still moved. What is known of one of two changes
        may not be all."""
        before = self.pending.get(key)
        if before is not None:
            self.suspect.add(key)
        self.pending[key] = (
            ChangeKind.BUMPED
            if before is ChangeKind.BUMPED and what is ChangeKind.SIDEBAR_ROW
            else what
        )

    def compare(self, written: Iterable[ChangedRow], as_of: Snapshot) -> None:
        """What was written since the last look: events of it may have been lost."""
        since, self.since = self.since, as_of
        if since is None:
            return
        self.suspect |= {
            found.id
            for found in written
            if not since.includes(found.written_in) and not self.has_sent(found.id, found.row)
        }

    def has_sent(self, key: UUID, row: SidebarRow | None) -> bool:
        return key in self.sent_rows and self.sent_rows[key] == row

    @property
    def is_behind(self) -> bool:
        return bool(self.pending or self.suspect or self.stale)

    def frame(self, user: User) -> dict[str, Any] | None:
        """The lines that changed, or the list whole; database work."""
        heard, self.pending = self.pending, {}
        doubts, self.suspect = self.suspect - heard.keys(), set()
        content = "".join(self.row_html(user, key, what) for key, what in heard.items())
        content += "".join(self.checked_row_html(user, key) for key in doubts)
        if self.stale:
            content = self.full_list_html(user)
        return {"event": "sidebar", "content": content} if content else None

    def answer_started_html(self, conversation: Conversation) -> str:
        """The line of a conversation in which an answer began, as `line` would make it of its row;
        nothing where it was not heard of."""
        row = self.apply_known_row(conversation, ChangeKind.BUMPED, answering=True)
        return thread_view.bumped_row_html(row) if row else ""

    def answer_finished_html(self, conversation: Conversation) -> str:
        """The same of one in which the answer ended."""
        row = self.apply_known_row(conversation, ChangeKind.SIDEBAR_ROW, answering=False)
        return replaced_row_html(row) if row else ""

    def apply_known_row(
        self, conversation: Conversation, what: ChangeKind, *, answering: bool
    ) -> SidebarRow | None:
        """The line of a row that is known, where this and nothing else was heard of it."""
        if self.pending.get(conversation.pk) is not what:
            return None
        del self.pending[conversation.pk]
        unread = is_unread(conversation.answered_at, conversation.seen_at)
        row = SidebarRow(
            conversation.pk, conversation.title, conversation.active_at, answering, unread
        )
        self.sent_rows[row.id] = row
        return row

    def full_list_html(self, user: User) -> str:
        self.stale = False
        self.since = change_feed.current_snapshot()
        found = load_sidebar_page(user, self.open_conversation)
        self.sent_rows |= found.rows
        html = thread_view.sidebar_page_html(found, self.since)
        return htmx.partial("#sidebar-list", "innerHTML", html)

    def row_html(self, user: User, key: UUID, what: ChangeKind) -> str:
        row = self.sent_rows[key] = None if what is ChangeKind.DELETED else find_row(user, key)
        if row is None:
            return htmx.partial(f"#row-{key.hex}", "delete")
        return (
            thread_view.bumped_row_html(row)
            if what is ChangeKind.BUMPED
            else replaced_row_html(row)
        )

    def checked_row_html(self, user: User, key: UUID) -> str:
        """A line that nothing was heard of. If it may have moved, its place is not known here."""
        row = find_row(user, key)
        if self.has_sent(key, row):
            return ""
        before, self.sent_rows[key] = self.sent_rows.get(key), row
        if row is not None and (before is None or before.active_at != row.active_at):
            self.stale = True
            return ""
        return self.row_html(
            user, key, ChangeKind.DELETED if row is None else ChangeKind.SIDEBAR_ROW
        )


def replaced_row_html(row: SidebarRow) -> str:
    return htmx.partial(f"#row-{row.id.hex}", "outerHTML", thread_view.row_html(row))


def find_row(user: User, key: UUID) -> SidebarRow | None:
    try:
        return sidebar_rows.get_row(user, key)
    except Conversation.DoesNotExist:
        return None
