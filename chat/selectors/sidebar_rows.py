"""Read the rows of the sidebar, by keyset, newest first."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accounts.models import User
from chat.models import Conversation
from core.db.sql import fetch


def is_unread(answered_at: datetime | None, seen_at: datetime | None) -> bool:
    """Tell whether the newest answer came after its owner last looked."""
    return answered_at is not None and (seen_at is None or seen_at < answered_at)


@dataclass(frozen=True, slots=True)
class SidebarRow:
    """A line of the sidebar."""

    id: UUID
    title: str
    active_at: datetime
    answering: bool
    unread: bool = False

    @property
    def place(self) -> "SidebarCursor":
        return self.active_at, self.id


SELECT_ROWS = """
SELECT id, title, active_at, EXISTS (
        SELECT FROM chat_run run WHERE run.conversation_id = c.id AND run.ended_at IS NULL
    ), answered_at, seen_at
FROM chat_conversation c WHERE owner_id = %(owner)s AND deleted_at IS NULL
"""
SELECT_ROW = SELECT_ROWS + "AND id = %(only)s"
# A stretch of one index between two places in it costs the same at any depth. Where nothing bounds
# it stand places beyond all rows: a bound that may be missing could not be looked up there.
SELECT_RANGE = (
    SELECT_ROWS
    + """
    AND (active_at, id) < (%(before_at)s::timestamptz, %(before)s::uuid)
    AND (active_at, id) > (%(after_at)s::timestamptz, %(after)s::uuid)
"""
)
SELECT_ROWS_BELOW = SELECT_RANGE + "ORDER BY active_at DESC, id DESC LIMIT %(size)s"
SELECT_ROWS_ABOVE = SELECT_RANGE + "ORDER BY active_at, id LIMIT %(size)s"

# Where a row stands among the others.
SidebarCursor = tuple[datetime, UUID]
NEWEST: SidebarCursor = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST: SidebarCursor = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


def list_rows(
    user: User,
    before: SidebarCursor | None = None,
    size: int = 40,
    after: SidebarCursor | None = None,
) -> list[SidebarRow]:
    """People's conversations, newest first: the next ones below `before`, down to `after`."""
    return fetch_rows(SELECT_ROWS_BELOW, range_values(user, before, after, size))


def list_rows_above(
    user: User, after: SidebarCursor, size: int, before: SidebarCursor | None = None
) -> list[SidebarRow]:
    """The next ones above `after`, up to `before`; newest first as well."""
    return fetch_rows(SELECT_ROWS_ABOVE, range_values(user, before, after, size))[::-1]


def range_values(
    user: User, before: SidebarCursor | None, after: SidebarCursor | None, size: int
) -> dict[str, object]:
    before_at, before_key = before or NEWEST
    after_at, after_key = after or OLDEST
    places = {"before_at": before_at, "before": before_key, "after_at": after_at}
    return {"owner": user.pk, **places, "after": after_key, "size": size}


def get_row(user: User, conversation_id: UUID) -> SidebarRow:
    """Raises Conversation.DoesNotExist for what is not this person's."""
    found = fetch_rows(SELECT_ROW, {"owner": user.pk, "only": conversation_id})
    if not found:
        raise Conversation.DoesNotExist
    return found[0]


def fetch_rows(statement: str, values: dict[str, object]) -> list[SidebarRow]:
    return [
        SidebarRow(key, title, active_at, answering, is_unread(answered_at, seen_at))
        for key, title, active_at, answering, answered_at, seen_at in fetch(statement, values)
    ]
