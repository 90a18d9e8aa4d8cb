"""Which rows of one page's sidebar have to be read again."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from accounts.models import User
from chat.events import ChangeKind
from chat.models import Conversation
from chat.realtime.sidebar_state import SidebarSnapshot, SidebarState, needs_whole_list
from chat.rendering.components.thread_view import age_group_key
from chat.selectors import change_feed, sidebar_rows
from chat.selectors.change_feed import ChangedRow, Snapshot
from chat.selectors.sidebar_page import load_sidebar_page
from chat.selectors.sidebar_rows import SidebarRow


@dataclass(frozen=True, slots=True)
class RowLookup:
    """The rows to read. `kinds` comes from events; those of `suspects` may have been lost.

    `perhaps_bumped` are those of the suspects that went to the top if they are the newest ones.
    If `is_whole` is set, the page needs the whole list, with the row of `open_conversation`.
    """

    kinds: dict[UUID, ChangeKind]
    suspects: frozenset[UUID]
    perhaps_bumped: frozenset[UUID]
    is_whole: bool
    open_conversation: UUID | None


@dataclass(slots=True)
class PendingRows:
    """Rows that changed, or may have changed, since they were last read.

    `since` is the transaction snapshot that the page's list was read from, None if it is not known.
    `kinds` comes from events, `suspects` from comparisons. `repeated` are rows with a second event,
    `perhaps_bumped` those that changed while their page changed sockets.
    """

    since: Snapshot | None = None
    needs_list: bool = False
    open_conversation: UUID | None = None
    kinds: dict[UUID, ChangeKind] = field(default_factory=dict)
    suspects: set[UUID] = field(default_factory=set)
    repeated: set[UUID] = field(default_factory=set)
    perhaps_bumped: set[UUID] = field(default_factory=set)

    def add(self, conversation_id: UUID, kind: ChangeKind) -> None:
        """Note a change. After two changes, what was committed with one may not be all."""
        before = self.kinds.get(conversation_id)
        if before is not None:
            self.repeated.add(conversation_id)
        # A row that moved and then changed has still moved.
        if not (before is ChangeKind.BUMPED and kind is ChangeKind.SIDEBAR_ROW):
            self.kinds[conversation_id] = kind

    def compare(self, changed: Iterable[ChangedRow], as_of: Snapshot, state: SidebarState) -> None:
        """Note rows that were written since the last comparison, as their events may be lost."""
        since, self.since = self.since, as_of
        if since is None:
            return
        self.suspects |= {
            item.id
            for item in changed
            if not since.includes(item.updated_xid) and not state.has_row(item.id, item.row)
        }

    @property
    def is_empty(self) -> bool:
        rows = self.kinds or self.suspects or self.repeated or self.perhaps_bumped
        return not (rows or self.needs_list)

    def take(self) -> RowLookup:
        """Return everything that is to be read, and forget it."""
        kinds = self.kinds
        # The place of a row that was bumped is known, whatever else happened to it.
        bumped = {key for key, kind in kinds.items() if kind is ChangeKind.BUMPED}
        perhaps = frozenset(self.perhaps_bumped)
        suspects = ((self.suspects | perhaps) - bumped) | (self.repeated - kinds.keys())
        lookup = RowLookup(
            kinds, frozenset(suspects), perhaps, self.needs_list, self.open_conversation
        )
        self.kinds, self.needs_list = {}, False
        self.suspects, self.repeated, self.perhaps_bumped = set(), set(), set()
        return lookup

    def discard(self, conversation_id: UUID, kind: ChangeKind) -> bool:
        """Forget a row if this, and nothing else, is pending for it; return whether that is so."""
        if self.kinds.get(conversation_id) is not kind:
            return False
        del self.kinds[conversation_id]
        return True


def load_sidebar(user: User, lookup: RowLookup, state: SidebarState) -> SidebarSnapshot:
    """Read these rows, and the whole list if the page needs it."""
    rows = {key: find_row(user, key) for key in lookup.kinds.keys() | lookup.suspects}
    bumped = {key for key, kind in lookup.kinds.items() if kind is ChangeKind.BUMPED}
    if lookup.perhaps_bumped:
        bumped |= lookup.perhaps_bumped & top_row(user)
    snapshot = SidebarSnapshot(rows, frozenset(bumped))
    if not lookup.is_whole and not needs_whole_list(state, snapshot, lookup.suspects - bumped):
        return snapshot
    # Rows that are written from here on are found by comparing with this.
    as_of = change_feed.current_snapshot()
    return replace(snapshot, page=load_sidebar_page(user, lookup.open_conversation), as_of=as_of)


def top_row(user: User) -> set[UUID]:
    """Return the conversation at the top of the list, if it is listed under Today."""
    rows = sidebar_rows.list_rows(user, size=1)
    return {row.id for row in rows if age_group_key(row) == "today"}


def find_row(user: User, conversation_id: UUID) -> SidebarRow | None:
    """Return the row of one conversation, None if it is deleted."""
    try:
        return sidebar_rows.get_row(user, conversation_id)
    except Conversation.DoesNotExist:
        return None
