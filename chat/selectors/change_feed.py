"""Which conversations were written since a look before, for people whose pages are open.

A transaction is seen only after its commit, whenever it wrote, so clocks do not tell what is new;
a snapshot of the database does:
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.db import connection

from chat.selectors.sidebar_rows import SidebarRow, is_unread

# More than this of one person in one look is answered with the whole list.
MAX_CHANGES = 50
# More numbers than that no page sends back.
NUMBERS = re.compile(r"\d{1,18}(?:\.\d{1,18}){1,99}")

# One range of an index for each person. Numbers beyond the snapshot are those of another cluster
# that the rows were restored from.
SELECT_CHANGES = """
SELECT look::text, row.*
FROM pg_current_snapshot() AS look LEFT JOIN (
    SELECT person.owner, found.id, found.written_in, found.deleted_at, found.title, found.active_at,
        found.answered_at, found.seen_at, EXISTS (
            SELECT FROM chat_run run WHERE run.conversation_id = found.id AND run.ended_at IS NULL)
    FROM unnest(%s::uuid[], %s::bigint[]) AS person (owner, since)
    CROSS JOIN LATERAL (
        SELECT * FROM chat_conversation mine
        WHERE mine.owner_id = person.owner AND mine.written_in >= person.since
            AND mine.written_in < pg_snapshot_xmax(pg_current_snapshot())::text::bigint
        ORDER BY mine.written_in LIMIT %s) AS found
) AS row ON TRUE
"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a look saw: every transaction below `low`, none from `high` on, and those between that
    were not `running`."""

    low: int
    high: int
    running: frozenset[int] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """As `str` writes it; None for anything else."""
        if not NUMBERS.fullmatch(text) or not text.isascii():
            return None
        low, high, *running = map(int, text.split("."))
        return cls(low, high, frozenset(running))

    def __str__(self) -> str:
        return ".".join(map(str, (self.low, self.high, *sorted(self.running))))

    def includes(self, number: int) -> bool:
        return number < self.low or (number < self.high and number not in self.running)


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A conversation and the number of the transaction that wrote it; `row` is None if deleted."""

    id: UUID
    written_in: int
    row: SidebarRow | None


@dataclass(frozen=True, slots=True)
class Changes:
    """`as_of` is where the next look begins."""

    as_of: Snapshot
    people: dict[UUID, list[ChangedRow]]


def load_changes(people: Mapping[UUID, int]) -> Changes:
    """What was written of these people's conversations, each from a number on; one statement.

    At most `MOST` for each of them. For the server's own use.
    """
    with connection.cursor() as cursor:
        cursor.execute(SELECT_CHANGES, (list(people), list(people.values()), MAX_CHANGES))
        lines = cursor.fetchall()
    found: dict[UUID, list[ChangedRow]] = {}
    for _, owner, key, written_in, deleted, title, active, answered, seen, live in lines:
        if owner is not None:
            row = SidebarRow(key, title, active, live, is_unread(answered, seen))
            found.setdefault(owner, []).append(
                ChangedRow(key, written_in, None if deleted else row)
            )
    return Changes(parse_snapshot(lines[0][0]), found)


def current_snapshot() -> Snapshot:
    """Where a look begins that follows what is read after this."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_snapshot()::text")
        return parse_snapshot(cursor.fetchone()[0])


def parse_snapshot(text: str) -> Snapshot:
    """As PostgreSQL writes it. With very many writers the running ones are counted as unseen."""
    low, high, running = text.split(":")
    if running.count(",") > 90:
        return Snapshot(int(low), int(low))
    return Snapshot(int(low), int(high), frozenset(map(int, filter(None, running.split(",")))))
