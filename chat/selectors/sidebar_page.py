"""Read the sidebar of a page: the newest rows, and those around the open conversation."""

from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from accounts.models import User
from chat.models import Conversation
from chat.selectors import sidebar_rows
from chat.selectors.sidebar_rows import SidebarRow

PAGE_SIZE = 40
# Rows on each side of the open conversation: as many as fit on most screens.
CONTEXT_ROWS = 24
# The newest rows that are listed if a gap follows them.
TOP_ROWS = 16


@dataclass(frozen=True, slots=True)
class SidebarPage:
    """The rows of the sidebar, in one or two ranges.

    `newest` is the range from the top. If the open conversation is far below, `around` is the range
    that holds it, and `above` is the row just above that range, in the gap. `has_more` tells that
    there may be rows below. `is_deep` tells that the open conversation is not near the top.
    """

    newest: list[SidebarRow]
    has_more: bool
    is_deep: bool = False
    above: SidebarRow | None = None
    around: tuple[SidebarRow, ...] = ()

    @property
    def rows(self) -> dict[UUID, SidebarRow]:
        """Return all rows of both ranges by conversation ID."""
        return {row.id: row for row in chain(self.newest, self.around)}


def load_sidebar_page(user: User, open_id: UUID | None) -> SidebarPage:
    """Read the sidebar for a page that shows the conversation `open_id`, or none.

    However many rows there are, this runs at most four statements and reads at most
    `PAGE_SIZE` + 2 x `CONTEXT_ROWS` + 2 rows.
    """
    newest = sidebar_rows.list_rows(user, size=PAGE_SIZE)
    ids = [row.id for row in newest]
    if open_id is None or len(ids) < PAGE_SIZE or open_id in ids[: PAGE_SIZE - CONTEXT_ROWS]:
        return SidebarPage(newest, has_more=len(ids) == PAGE_SIZE)
    if open_id in ids:
        below = sidebar_rows.list_rows(user, newest[-1].place, CONTEXT_ROWS)
        return SidebarPage(newest + below, has_more=len(below) == CONTEXT_ROWS, is_deep=True)
    try:
        return extend_to_row(user, newest, sidebar_rows.get_row(user, open_id))
    except Conversation.DoesNotExist:
        return SidebarPage(newest, has_more=True)


def extend_to_row(user: User, newest: list[SidebarRow], row: SidebarRow) -> SidebarPage:
    """Extend the newest rows down to a row below them.

    The result is one range if there are at most `CONTEXT_ROWS` rows between, else two.
    """
    between = sidebar_rows.list_rows_above(
        user, row.place, CONTEXT_ROWS + 1, before=newest[-1].place
    )
    below = sidebar_rows.list_rows(user, row.place, CONTEXT_ROWS)
    has_more = len(below) == CONTEXT_ROWS
    if len(between) <= CONTEXT_ROWS:
        return SidebarPage([*newest, *between, row, *below], has_more, is_deep=True)
    above, *near = between
    return SidebarPage(
        newest[:TOP_ROWS], has_more, is_deep=True, above=above, around=(*near, row, *below)
    )
