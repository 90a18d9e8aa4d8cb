"""Migration operations for large tables: kill one at any moment, run `migrate` again, it resumes.

Each needs `atomic = False` in its migration, and has to be safe to repeat: until the whole
migration is recorded as applied, the next run begins with its first operation. So write the other
operations of such a migration with `IF NOT EXISTS`, `IF EXISTS` and `CREATE OR REPLACE`.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import NotSupportedError, transaction
from django.db.migrations.operations.base import Operation

from core.db.migration_connection import report, retry_while_locked

FIRST_BATCH = 100
# Seconds. Whoever wants to change a row of the batch waits for its end.
BATCH_SECONDS = 0.25
LARGE_TABLE = 50_000_000  # bytes
# The planner knows nothing of a table that is being filled: look up each row by an index.
PLANNING = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off"
)


class RunSQLInBatches(Operation):
    """Run a statement for many rows, a batch in each transaction, and say how far it is.

    It names the rows by parts of a SELECT, which stand in the migration and hold nobody's text:

    - `source`: the FROM clause, `"chat_message m"`;
    - `key`: a unique indexed column, which gives the order, `"m.id"`;
    - `where`: which rows count;
    - `pending`: a condition, cheap by an index, that is true until `statement` has done the row;
    - `lock`: how a batch locks its rows. What the site may change or delete meanwhile has to be
      locked, in the order in which the site does it;
    - `statement`: does the rows in `%(ids)s` (`WHERE m.id = ANY(%(ids)s)`).

    Rows that are written meanwhile are the business of a trigger or a column default, which has to
    be in place before. Progress reads `{label}: 40,000 of 300,000 {noun}`.
    """

    reduces_to_sql = False
    reversible = True

    def __init__(
        self,
        *,
        label: str,
        noun: str,
        source: str,
        key: str,
        where: str,
        pending: str,
        lock: str,
        statement: str,
    ) -> None:
        self.label, self.noun = label, noun
        self.source, self.key, self.where, self.pending = source, key, where, pending
        self.lock, self.statement = lock, statement

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Leave the models as they are."""

    def database_backwards(self, *args: Any) -> None:
        """Leave the rows as they are."""

    def describe(self) -> str:
        return f"{self.label}: all {self.noun}, in batches"

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        connection = schema_editor.connection
        if connection.in_atomic_block:
            raise NotSupportedError("RunSQLInBatches needs atomic = False in its migration.")
        progress = Progress(self.label, self.noun, *self.count(connection))
        after, size = None, min(FIRST_BATCH, settings.MIGRATION_BATCH_ROWS)
        while True:
            started = time.monotonic()
            ids = retry_while_locked(partial(self.run_batch, connection, after, size))
            if not ids:
                break
            progress.add(len(ids))
            after, size = ids[-1], next_size(size, time.monotonic() - started)
        progress.finish()

    def count(self, connection: Any) -> tuple[int, int]:
        """Return how many rows are done, by this run or one before, and how many there are."""
        # The parts stand in a migration.
        rows = f"SELECT count(*) FROM {self.source} WHERE {self.where}"  # noqa: S608
        total = read_value(connection, rows)
        return total - read_value(connection, f"{rows} AND {self.pending}"), total

    def run_batch(self, connection: Any, after: Any, size: int) -> list[Any]:
        """Do up to `size` pending rows with keys above `after`; return their keys, in order."""
        beyond = "" if after is None else f"AND {self.key} > %(after)s"
        rows = (
            f"SELECT {self.key} FROM {self.source} WHERE {self.where} {beyond}"  # noqa: S608
            f" AND {self.pending} ORDER BY {self.key} LIMIT %(size)s {self.lock}"
        )
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute(PLANNING)
            cursor.execute(rows, {"after": after, "size": size})
            ids = [row[0] for row in cursor.fetchall()]
            if ids:
                cursor.execute(self.statement, {"ids": ids})
        return ids


def next_size(size: int, seconds: float) -> int:
    """Return the size of the next batch, so that it takes `BATCH_SECONDS`."""
    fitting = int(size * BATCH_SECONDS / max(seconds, 0.001))
    return max(1, min(fitting, size * 2, settings.MIGRATION_BATCH_ROWS))


class Progress:
    """Says every `MIGRATION_PROGRESS_SECONDS` how many rows are done; nothing about short work."""

    def __init__(self, label: str, noun: str, done: int, total: int) -> None:
        self.label, self.noun, self.done, self.total = label, noun, done, total
        self.last = time.monotonic()
        self.reported: int | None = None

    def add(self, count: int) -> None:
        """Count rows as done."""
        self.done += count
        # More were written while this ran.
        self.total = max(self.total, self.done)
        if time.monotonic() - self.last >= settings.MIGRATION_PROGRESS_SECONDS:
            self.report()

    def finish(self) -> None:
        """Say the last figure, if there were others before it."""
        if self.reported not in (None, self.done):
            self.report()

    def report(self) -> None:
        self.last, self.reported = time.monotonic(), self.done
        report.get()(f"{self.label}: {self.done:,} of {self.total:,} {self.noun}")


class BuildIndexConcurrently(AddIndexConcurrently):
    """As AddIndexConcurrently, safe to repeat: an index that a kill left invalid is made again."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.collect_sql:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        connection, name = schema_editor.connection, schema_editor.quote_name(self.index.name)
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        is_valid = read_value(
            connection, "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", name
        )
        if is_valid:
            return
        if read_value(connection, "SELECT pg_table_size(%s)", table) > LARGE_TABLE:
            report.get()(f"index {self.index.name}: being built")
        with without_lock_timeout(connection):
            if is_valid is not None:
                schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def read_value(connection: Any, query: str, *values: Any) -> Any:
    """Return the first column of the first row; None when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        row = cursor.fetchone()
    return row and row[0]


@contextmanager
def without_lock_timeout(connection: Any) -> Iterator[None]:
    """Wait for locks without limit: for what nobody's reading or writing queues behind.

    Building an index concurrently waits for every older transaction to end.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")
