"""Leases: they say which process writes an answer, and until when by the database's clock.

A process renews its leases while it is alive. Any process may finish a run whose lease has expired;
the answer is then marked as interrupted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from chat.models import Chunk
from core.db.sql import fetch

LEASE = timedelta(seconds=10)
# A lease with less time left than this is renewed when text is saved.
RENEW_BELOW = timedelta(seconds=7)
# SQL for the end of a lease that starts now.
LEASE_END = f"statement_timestamp() + interval '{LEASE.total_seconds()} seconds'"


@dataclass(frozen=True, slots=True)
class TextChunk:
    """Unsaved text of a run; `offset` is its position in the answer, in characters.

    With `is_thought`, it is a piece of the thoughts, and `offset` its position in them.
    """

    run_id: UUID
    offset: int
    text: str
    is_thought: bool = False


@dataclass(frozen=True, slots=True)
class HeldRuns:
    """IDs of the runs that this process still holds, and of those among them to stop."""

    runs: frozenset[UUID]
    stops: frozenset[UUID]


# `renewed` also renews a lease that has expired if nobody has finished the run: the database may
# have been unreachable for longer than a lease. If a sweeper has locked the run, the UPDATE waits
# and then finds it ended. FOR SHARE makes `finish` wait until the text is saved. If the first save
# succeeded but its reply was lost, the chunk is retried with more text, and the longer text wins.
# Messages are found by an array of ids: a plan made while the tables were small would join all.
SAVE_CHUNKS = """
WITH renewed AS (
    UPDATE chat_run SET lease_until = now() + make_interval(secs => %(lease)s)
    WHERE id = ANY(%(runs)s::uuid[]) AND worker_id = %(worker_id)s AND ended_at IS NULL
      AND lease_until < now() + make_interval(secs => %(below)s)
    RETURNING id, message_id, stop_requested
), unchanged AS (
    SELECT id, message_id, stop_requested FROM chat_run
    WHERE id = ANY(%(runs)s::uuid[]) AND worker_id = %(worker_id)s AND ended_at IS NULL
      AND lease_until >= now() + make_interval(secs => %(below)s)
    FOR SHARE
), held AS (
    SELECT id, message_id, stop_requested FROM renewed
    UNION ALL
    SELECT id, message_id, stop_requested FROM unchanged
), inserted AS (
    INSERT INTO chat_chunk (run_id, "offset", text, is_thought)
    SELECT chunk.run_id, chunk.char_offset, chunk.text, chunk.is_thought
    FROM unnest(%(ids)s::uuid[], %(offsets)s::int[], %(texts)s::text[], %(are_thoughts)s::bool[])
        AS chunk(run_id, char_offset, text, is_thought)
    JOIN held ON held.id = chunk.run_id
    ON CONFLICT (run_id, is_thought, "offset") DO UPDATE SET text = EXCLUDED.text
      WHERE length(EXCLUDED.text) > length(chat_chunk.text)
    RETURNING run_id
), started AS (
    UPDATE chat_message SET status = 'streaming'
    WHERE status = 'pending' AND id = ANY(ARRAY(
        SELECT message_id FROM held WHERE id IN (SELECT run_id FROM inserted)
    ))
)
SELECT id, stop_requested FROM held
"""


def save_chunks(worker_id: UUID, runs: Sequence[UUID], chunks: Sequence[TextChunk]) -> HeldRuns:
    """Save new text, renew leases and read stop requests, for all runs of a process at once.

    `worker_id` is the ID of the process. Repeating a call is harmless: there is one chunk at each
    offset of the text and of the thoughts, and the longest text for it wins.
    """
    rows = fetch(
        SAVE_CHUNKS,
        {
            "runs": list(runs),
            "worker_id": worker_id,
            "lease": LEASE.total_seconds(),
            "below": RENEW_BELOW.total_seconds(),
            "ids": [chunk.run_id for chunk in chunks],
            "offsets": [chunk.offset for chunk in chunks],
            "texts": [chunk.text for chunk in chunks],
            "are_thoughts": [chunk.is_thought for chunk in chunks],
        },
    )
    return HeldRuns(
        runs=frozenset(run for run, _ in rows), stops=frozenset(run for run, stop in rows if stop)
    )


def mark_as_thoughts(runs: Sequence[UUID]) -> None:
    """Turn the saved text of these runs into thoughts; call this before more text is saved."""
    Chunk.objects.filter(run__in=runs, is_thought=False).update(is_thought=True)
