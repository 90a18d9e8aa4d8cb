"""What the running site asks of PostgreSQL for one turn, counted by PostgreSQL itself."""

from uuid import UUID

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.people import Person
from tests.support.rows import Rows

TURNS = 5
# Without the clocks, which save text, look for lapsed leases and compare pages every so often, and
# without what PostgreSQL asks itself for foreign keys.
COUNT = """
SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements
WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND toplevel AND query ~ %s AND query !~ 'pg_stat_statements'
    AND query !~ 'lease_until|pg_postmaster_start_time|pg_current_snapshot|FOR KEY SHARE'
    AND query !~ '"version", "chat'
"""
THREAD = "^\\s*WITH RECURSIVE shown"
ANY = "^\\s*(WITH|SELECT|INSERT|UPDATE|DELETE)"


def test_a_turn_takes_few_statements_in_all(
    visitor: Person, finished: UUID, upstream: UpstreamThread, rows: Rows
) -> None:
    """Session, account, lock, what stands, the turn, its branch, its draft; the two statements of
    the end. A page that looks on needs none."""
    rows.do("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    threads, counts = [], []
    with visitor.looking_at(finished) as socket:
        for number in range(TURNS):
            gate = f"statements {number}"
            upstream.script(answer(Gate(gate), "Yes.", Gate(gate)))
            rows.one("SELECT pg_stat_statements_reset()")
            visitor.send_beside_socket(finished, f"How many are {number}?")
            upstream.wait_gate(gate)
            socket.until_text(f"How many are {number}?")
            upstream.release(gate)
            socket.until_text("Yes.")
            socket.quiet()  # the page waits for nothing but the end
            upstream.release(gate)
            socket.until_status("complete")
            threads.append(rows.one(COUNT, THREAD)["calls"])
            counts.append(rows.one(COUNT, ANY)["calls"])
    # The least: what a clock found is looked at as well.
    assert min(threads) == 0
    assert min(counts) <= 9
