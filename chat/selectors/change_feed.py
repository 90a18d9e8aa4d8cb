"""Find the conversations that have changed since an earlier snapshot, for people with open pages.

A transaction becomes visible when it commits, however long ago it wrote its rows. Timestamps
therefore cannot tell what is new; PostgreSQL's transaction snapshots can:
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import connection

from chat.selectors.sidebar_rows import SidebarRow, is_unread

# The most changes of one person that are read at once; with more, the page reloads its list.
MAX_CHANGES = 50
# The text of a `Snapshot`. The count is bounded, as the text comes back from pages.
SNAPSHOT_PATTERN = re.compile(r"\d{1,18}(?:\.\d{1,18}){1,99}")

# One index range for each person. Transaction IDs above the snapshot come from another cluster, out
# of whose dump the rows were restored.
SELECT_CHANGES = """
SELECT snapshot::text, changed.*
FROM pg_current_snapshot() AS snapshot LEFT JOIN (
    SELECT person.owner, c.id, c.updated_xid, c.deleted_at, c.title, c.last_activity_at,
        c.answered_at, c.seen_at, EXISTS (
            SELECT FROM chat_run run WHERE run.conversation_id = c.id AND run.ended_at IS NULL)
    FROM unnest(%s::uuid[], %s::bigint[]) AS person (owner, since)
    CROSS JOIN LATERAL (
        SELECT * FROM chat_conversation owned
        WHERE owned.owner_id = person.owner AND owned.updated_xid >= person.since
            AND owned.updated_xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        ORDER BY owned.updated_xid LIMIT %s) AS c
) AS changed ON TRUE
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A transaction snapshot: which transaction IDs were visible.

    All below `low`, none from `high` on, and those between that are not in `running`.
    """

    low: int
    high: int
    running: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Parse the output of `str(snapshot)`; return None for any other text."""
        if not SNAPSHOT_PATTERN.fullmatch(text) or not text.isascii():
            return None
        low, high, *running = map(int, text.split("."))
        return cls(low, high, frozenset(running))

    def __str__(self) -> str:
        return ".".join(map(str, (self.low, self.high, *sorted(self.running))))

    def includes(self, xid: int) -> bool:
        """Tell whether the snapshot sees what this transaction wrote."""
        return xid < self.low or (xid < self.high and xid not in self.running)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A changed conversation, and the ID of the transaction that last wrote it.

    `row` is None if the conversation is deleted.
    """

    id: UUID
    updated_xid: int
    row: SidebarRow | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed rows by owner. `as_of` is the snapshot that they were read in."""

    as_of: Snapshot
    people: dict[UUID, list[ChangedRow]]


def load_changes(people: Mapping[UUID, int]) -> Changes:
    """Read these people's changed conversations, with one statement.

    `people` maps each user ID to the lowest transaction ID of interest. At most `MAX_CHANGES` rows
    are read for each person, oldest change first. For the server's own use.
    """
    with connection.cursor() as cursor:
        cursor.execute(SELECT_CHANGES, (list(people), list(people.values()), MAX_CHANGES))
        rows = cursor.fetchall()
    changed: dict[UUID, list[ChangedRow]] = {}
    for _, owner_id, pk, updated_xid, deleted_at, title, last_activity_at, *state in rows:
        if owner_id is None:  # a person without changes
            continue
        answered_at, seen_at, is_answering = state
        row = SidebarRow(pk, title, last_activity_at, is_answering, is_unread(answered_at, seen_at))
        changed.setdefault(owner_id, []).append(
            ChangedRow(pk, updated_xid, None if deleted_at else row)
        )
    return Changes(parse_snapshot(rows[0][0]), changed)


def current_snapshot() -> Snapshot:
    """Return the current snapshot.

    Take it before reading rows; later changes to them are then found by comparing with it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return parse_snapshot(cursor.fetchone()[0])


def parse_snapshot(text: str) -> Snapshot:
    """Parse PostgreSQL's text of a snapshot.

    With more than 91 running transactions, everything from `low` on counts as not visible, so that
    the text stays short enough for `SNAPSHOT_PATTERN`.
    """
    low, high, running = text.split(":")
    if running.count(",") > 90:
        return Snapshot(int(low), int(low))
    return Snapshot(int(low), int(high), frozenset(map(int, filter(None, running.split(",")))))
