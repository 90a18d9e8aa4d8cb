"""The lines that a page lists: the newest, and those around the conversation that it shows."""

from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from accounts.models import User
from chat.models import Conversation
from chat.selectors import messages
from chat.selectors.messages import Row

PAGE = 40
# Lines on each side of the shown one: as many as most screens have room for.
AROUND = 24
# The newest lines where a gap follows them.
TOP = 16


@dataclass(frozen=True, slots=True)
class Listing:
    """`newest` is the list from its top. Where the shown line is far below, `around` is the stretch
    that holds it, and `above` the row next to that, in the gap between both. `goes_on` tells of
    rows below. `deep` says that the shown line is not among the first."""

    newest: list[Row]
    goes_on: bool
    deep: bool = False
    above: Row | None = None
    around: tuple[Row, ...] = ()

    @property
    def rows(self) -> dict[UUID, Row]:
        return {row.id: row for row in chain(self.newest, self.around)}


def listing(user: User, shown: UUID | None) -> Listing:
    """At most four statements and `PAGE` + 2 x `AROUND` + 2 rows, however many there are."""
    newest = messages.rows(user, size=PAGE)
    ids = [row.id for row in newest]
    if shown is None or len(ids) < PAGE or shown in ids[: PAGE - AROUND]:
        return Listing(newest, goes_on=len(ids) == PAGE)
    if shown in ids:
        below = messages.rows(user, newest[-1].place, AROUND)
        return Listing(newest + below, goes_on=len(below) == AROUND, deep=True)
    try:
        return reaching(user, newest, messages.row(user, shown))
    except Conversation.DoesNotExist:
        return Listing(newest, goes_on=True)


def reaching(user: User, newest: list[Row], line: Row) -> Listing:
    """Down to a line below the newest ones: in one stretch if few rows are between, else in two."""
    between = messages.rows_above(user, line.place, AROUND + 1, before=newest[-1].place)
    below = messages.rows(user, line.place, AROUND)
    goes_on = len(below) == AROUND
    if len(between) <= AROUND:
        return Listing([*newest, *between, line, *below], goes_on, deep=True)
    above, *near = between
    return Listing(newest[:TOP], goes_on, deep=True, above=above, around=(*near, line, *below))
