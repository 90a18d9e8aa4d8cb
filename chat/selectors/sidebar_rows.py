"""Read rows of the sidebar, newest first, with keyset pagination.

https://use-the-index-luke.com/no-offset
"""

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
    """A conversation in the sidebar; `answering` tells whether it has a live answer."""

    id: UUID
    title: str
    last_activity_at: datetime
    answering: bool
    unread: bool = False

    @property
    def place(self) -> "SidebarCursor":
        """Return the row's position, for use as a cursor."""
        return self.last_activity_at, self.id


SELECT_ROWS = """
SELECT id, title, last_activity_at, EXISTS (
        SELECT FROM chat_run run WHERE run.conversation_id = c.id AND run.ended_at IS NULL
    ), answered_at, seen_at
FROM chat_conversation c WHERE owner_id = %(owner)s AND deleted_at IS NULL
"""
SELECT_ROW = SELECT_ROWS + "AND id = %(conversation)s"
# A range of one index between two cursors costs the same at any depth. Both bounds are always
# given, as NEWEST or OLDEST if there is none: the index is no help with a bound that may be null.
SELECT_RANGE = (
    SELECT_ROWS
    + """
    AND (last_activity_at, id) < (%(before_at)s::timestamptz, %(before)s::uuid)
    AND (last_activity_at, id) > (%(after_at)s::timestamptz, %(after)s::uuid)
"""
)
SELECT_ROWS_BELOW = SELECT_RANGE + "ORDER BY last_activity_at DESC, id DESC LIMIT %(size)s"
SELECT_ROWS_ABOVE = SELECT_RANGE + "ORDER BY last_activity_at, id LIMIT %(size)s"

# A row's position in the list: `last_activity_at` and ID.
SidebarCursor = tuple[datetime, UUID]
NEWEST: SidebarCursor = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST: SidebarCursor = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


def list_rows(
    user: User,
    before: SidebarCursor | None = None,
    size: int = 40,
    after: SidebarCursor | None = None,
) -> list[SidebarRow]:
    """Return the first `size` rows below `before` and above `after`, newest first."""
    return fetch_rows(SELECT_ROWS_BELOW, range_values(user, before, after, size))


def list_rows_above(
    user: User, after: SidebarCursor, size: int, before: SidebarCursor | None = None
) -> list[SidebarRow]:
    """Return the `size` rows next above `after` and below `before`, newest first as well."""
    return fetch_rows(SELECT_ROWS_ABOVE, range_values(user, before, after, size))[::-1]


def range_values(
    user: User, before: SidebarCursor | None, after: SidebarCursor | None, size: int
) -> dict[str, object]:
    """Return the parameters of SELECT_RANGE."""
    before_at, before_id = before or NEWEST
    after_at, after_id = after or OLDEST
    return {
        "owner": user.pk,
        "before_at": before_at,
        "before": before_id,
        "after_at": after_at,
        "after": after_id,
        "size": size,
    }


def get_row(user: User, conversation_id: UUID) -> SidebarRow:
    """Return the row of one conversation. Raises Conversation.DoesNotExist."""
    rows = fetch_rows(SELECT_ROW, {"owner": user.pk, "conversation": conversation_id})
    if not rows:
        raise Conversation.DoesNotExist
    return rows[0]


def fetch_rows(statement: str, values: dict[str, object]) -> list[SidebarRow]:
    """Run a statement built from SELECT_ROWS."""
    return [
        SidebarRow(pk, title, last_activity_at, answering, is_unread(answered_at, seen_at))
        for pk, title, last_activity_at, answering, answered_at, seen_at in fetch(statement, values)
    ]
