"""Leases: which process writes an answer, by the database's clock alone.

A process renews while it lives. A lease that lapsed belongs to nobody, and whoever sees it first
marks the answer as interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.db.sql import fetch

LEASE = timedelta(seconds=10)
# A lease with less than this left is renewed with the next text.
RENEW_BELOW = timedelta(seconds=7)


LEASE_END = f"statement_timestamp() + interval '{LEASE.total_seconds()} seconds'"


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Text of a run that is not yet saved; `offset` is its place in the answer, in characters."""

    run_id: UUID
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class HeldRuns:
    """Runs that this process still holds, and those of them that somebody asked to stop."""

    runs: frozenset[UUID]
    stops: frozenset[UUID]


# A lapsed lease that nobody took is taken back: the database may have been away for longer. The
# update waits for a sweeper that holds the row, and finds it ended. FOR SHARE keeps a close waiting
# until the text is there to be folded. A piece whose first save was done unheard comes again,
# longer.
SAVE_CHUNKS = """
WITH renewed AS (
    UPDATE chat_run SET lease_until = now() + make_interval(secs => %(lease)s)
    WHERE id = ANY(%(runs)s::uuid[]) AND owner = %(owner)s AND ended_at IS NULL
      AND lease_until < now() + make_interval(secs => %(below)s)
    RETURNING id, message_id, stop_requested
), kept AS (
    SELECT id, message_id, stop_requested FROM chat_run
    WHERE id = ANY(%(runs)s::uuid[]) AND owner = %(owner)s AND ended_at IS NULL
      AND lease_until >= now() + make_interval(secs => %(below)s)
    FOR SHARE
), held AS (
    SELECT id, message_id, stop_requested FROM renewed
    UNION ALL
    SELECT id, message_id, stop_requested FROM kept
), added AS (
    INSERT INTO chat_chunk (run_id, "offset", text)
    SELECT piece.run_id, piece.at, piece.text
    FROM unnest(%(ids)s::uuid[], %(offsets)s::int[], %(texts)s::text[])
        AS piece(run_id, at, text)
    JOIN held ON held.id = piece.run_id
    ON CONFLICT (run_id, "offset") DO UPDATE SET text = EXCLUDED.text
      WHERE length(EXCLUDED.text) > length(chat_chunk.text)
    RETURNING run_id
), begun AS (
    UPDATE chat_message SET status = 'streaming' FROM held
    WHERE chat_message.id = held.message_id AND chat_message.status = 'pending'
      AND held.id IN (SELECT run_id FROM added)
)
SELECT id, stop_requested FROM held
"""


def save_chunks(owner: UUID, runs: Sequence[UUID], pieces: Sequence[TextChunk]) -> HeldRuns:
    """Append text, renew leases and hear of stops: one statement for all runs of a process.

    Doing it again is harmless: a piece has its place, and a place is taken once, by the longest.
    """
    rows = fetch(
        SAVE_CHUNKS,
        {
            "runs": list(runs),
            "owner": owner,
            "lease": LEASE.total_seconds(),
            "below": RENEW_BELOW.total_seconds(),
            "ids": [piece.run_id for piece in pieces],
            "offsets": [piece.offset for piece in pieces],
            "texts": [piece.text for piece in pieces],
        },
    )
    return HeldRuns(
        runs=frozenset(run for run, _ in rows), stops=frozenset(run for run, stop in rows if stop)
    )
