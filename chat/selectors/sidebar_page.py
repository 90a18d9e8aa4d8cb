"""The lines that a page lists: the newest, and those around the conversation that it shows."""

from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from accounts.models import User
from chat.models import Conversation
from chat.selectors import sidebar_rows
from chat.selectors.sidebar_rows import SidebarRow

PAGE_SIZE = 40
# Lines on each side of the shown one: as many as most screens have room for.
CONTEXT_ROWS = 24
# The newest lines where a gap follows them.
TOP_ROWS = 16


@dataclass(frozen=True, slots=True)
class SidebarPage:
    """`newest` is the list from its top. Where the shown line is far below, `around` is the stretch
    that holds it, and `above` the row next to that, in the gap between both. `goes_on` tells of
    rows below. `deep` says that the shown line is not among the first."""

    newest: list[SidebarRow]
    has_more: bool
    is_deep: bool = False
    above: SidebarRow | None = None
    around: tuple[SidebarRow, ...] = ()

    @property
    def rows(self) -> dict[UUID, SidebarRow]:
        return {row.id: row for row in chain(self.newest, self.around)}


def load_sidebar_page(user: User, shown: UUID | None) -> SidebarPage:
    """At most four statements and `PAGE` + 2 x `AROUND` + 2 rows, however many there are."""
    newest = sidebar_rows.list_rows(user, size=PAGE_SIZE)
    ids = [row.id for row in newest]
    if shown is None or len(ids) < PAGE_SIZE or shown in ids[: PAGE_SIZE - CONTEXT_ROWS]:
        return SidebarPage(newest, has_more=len(ids) == PAGE_SIZE)
    if shown in ids:
        below = sidebar_rows.list_rows(user, newest[-1].place, CONTEXT_ROWS)
        return SidebarPage(newest + below, has_more=len(below) == CONTEXT_ROWS, is_deep=True)
    try:
        return extend_to_row(user, newest, sidebar_rows.get_row(user, shown))
    except Conversation.DoesNotExist:
        return SidebarPage(newest, has_more=True)


def extend_to_row(user: User, newest: list[SidebarRow], line: SidebarRow) -> SidebarPage:
    """Down to a line below the newest ones: in one stretch if few rows are between, else in two."""
    between = sidebar_rows.list_rows_above(
        user, line.place, CONTEXT_ROWS + 1, before=newest[-1].place
    )
    below = sidebar_rows.list_rows(user, line.place, CONTEXT_ROWS)
    goes_on = len(below) == CONTEXT_ROWS
    if len(between) <= CONTEXT_ROWS:
        return SidebarPage([*newest, *between, line, *below], goes_on, is_deep=True)
    above, *near = between
    return SidebarPage(
        newest[:TOP_ROWS], goes_on, is_deep=True, above=above, around=(*near, line, *below)
    )
