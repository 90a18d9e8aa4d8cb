"""What a page shows of the sidebar, and the patches that bring it up to date."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from chat.rendering.components import thread_view
from chat.rendering.components.patches import Patch
from chat.selectors.change_feed import Snapshot
from chat.selectors.sidebar_page import SidebarPage
from chat.selectors.sidebar_rows import SidebarRow

Rows = Mapping[UUID, SidebarRow | None]


@dataclass(frozen=True, slots=True)
class SidebarState:
    """The rows that were sent to a page since it connected, None for a removed one.

    What it shows of other conversations is not known.
    """

    rows: Rows = field(default_factory=dict)

    def has_row(self, conversation_id: UUID, row: SidebarRow | None) -> bool:
        """Return whether the page was sent exactly this, None for a removed row."""
        return conversation_id in self.rows and self.rows[conversation_id] == row

    def has_moved(self, row: SidebarRow) -> bool:
        """Return whether the page shows the row in another place."""
        before = self.rows.get(row.id)
        return before is not None and before.last_activity_at != row.last_activity_at


@dataclass(frozen=True, slots=True)
class SidebarSnapshot:
    """Rows that may have changed, None for a removed one; those in `bumped` have become the newest.

    If `page` is given, it is the whole list, read from the transaction snapshot `as_of`.
    """

    rows: Rows
    bumped: frozenset[UUID] = frozenset()
    page: SidebarPage | None = None
    as_of: Snapshot | None = None


def diff_sidebar(
    state: SidebarState, snapshot: SidebarSnapshot
) -> tuple[list[Patch], SidebarState]:
    """Return the patches that bring a page from `state` to `snapshot`, and its state then.

    Without the whole list, each row that moved goes to the top: see `needs_whole_list`.
    """
    rows = {**state.rows, **snapshot.rows}
    if snapshot.page is not None and snapshot.as_of is not None:
        html = thread_view.sidebar_page_html(snapshot.page, snapshot.as_of)
        return [Patch("innerMorph", "sidebar-list", html)], SidebarState(
            {**rows, **snapshot.page.rows}
        )
    patches = []
    moved = moved_rows(state, snapshot)
    for key, row in snapshot.rows.items():
        if row is None:
            patches.append(thread_view.removed_row_patch(key))
        elif row not in moved and not state.has_row(key, row):
            patches.append(thread_view.row_patch(row))
    patches += [thread_view.bumped_row_patch(row) for row in moved]
    return patches, SidebarState(rows)


def moved_rows(state: SidebarState, snapshot: SidebarSnapshot) -> list[SidebarRow]:
    """Return the rows that go to the top, the newest one last."""
    moved = [
        row
        for row in snapshot.rows.values()
        if row and (row.id in snapshot.bumped or state.has_moved(row))
        if not state.has_row(row.id, row)
    ]
    return sorted(moved, key=lambda row: row.place)


def needs_whole_list(
    state: SidebarState, snapshot: SidebarSnapshot, suspects: frozenset[UUID] = frozenset()
) -> bool:
    """Return whether patches for single rows might leave the list in another order.

    That is so if a row that moved is not the newest one, or if the place of a row is not known:
    of a row that comes back, and of one in `suspects`, of which no event told what happened.
    """
    moved = moved_rows(state, snapshot)
    keys = {row.id for row in moved}
    for key, row in snapshot.rows.items():
        is_shown = state.rows.get(key) is not None
        if row and key in suspects and (key in keys or not is_shown):
            return True
        if row and key in state.rows and not is_shown and key not in keys:
            return True
    others = {**state.rows, **snapshot.rows}.values()
    newest = max((row.place for row in others if row and row.id not in keys), default=None)
    return bool(moved and newest and moved[0].place < newest)
