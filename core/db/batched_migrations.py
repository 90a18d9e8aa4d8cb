"""Migration operations for large tables; a killed one resumes when `migrate` runs again.

Each needs `atomic = False` in its migration. All operations of such a migration have to be safe to
repeat: until the whole migration is recorded as applied, the next run starts at its first
operation. So write the others with `IF NOT EXISTS`, `IF EXISTS` and `CREATE OR REPLACE`.
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
# Seconds. A session that wants to change a row of the batch waits until the batch ends.
BATCH_SECONDS = 0.25
LARGE_TABLE = 50_000_000  # bytes
# The planner has no statistics of a table that is being filled: make it use an index.
PLANNING = (
    "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off;"
    " SET LOCAL enable_mergejoin = off"
)


class RunSQLInBatches(Operation):
    """Run a statement for many rows, one batch a transaction, and report progress.

    The arguments are parts of SQL statements, constants in the migration and never user input:

    - `source`: the FROM clause, `"chat_message m"`;
    - `key`: a unique indexed column, by which the rows are ordered, `"m.id"`;
    - `where`: the condition for the rows to process;
    - `pending`: a condition, cheap by an index, that is true until `statement` processed the row;
    - `lock`: the locking clause of a batch. Rows that the running site may change or delete have to
      be locked, in the same order in which the site locks them;
    - `statement`: processes the rows in `%(ids)s` (`WHERE m.id = ANY(%(ids)s)`).

    Rows written during the migration have to be handled by a trigger or a column default that
    exists before. Progress reads `{label}: 40,000 of 300,000 {noun}`.
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
        """Do nothing: the models do not change."""

    def database_backwards(self, *args: Any) -> None:
        """Do nothing: the rows stay as they are."""

    def describe(self) -> str:
        return f"{self.label}: all {self.noun}, in batches"

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Process all pending rows, and report progress.

        Raises NotSupportedError inside a transaction.
        """
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
        """Return the number of rows done, in this run or earlier ones, and of all rows."""
        rows = f"SELECT count(*) FROM {self.source} WHERE {self.where}"  # noqa: S608
        total = read_value(connection, rows)
        return total - read_value(connection, f"{rows} AND {self.pending}"), total

    def run_batch(self, connection: Any, after: Any, size: int) -> list[Any]:
        """Process up to `size` pending rows with keys above `after`; return their keys in order."""
        after_key = "" if after is None else f"AND {self.key} > %(after)s"
        rows = (
            f"SELECT {self.key} FROM {self.source} WHERE {self.where} {after_key}"  # noqa: S608
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
    """Return a size for the next batch, such that it takes about `BATCH_SECONDS`."""
    fitting = int(size * BATCH_SECONDS / max(seconds, 0.001))
    return max(1, min(fitting, size * 2, settings.MIGRATION_BATCH_ROWS))


class Progress:
    """Report the number of processed rows every `MIGRATION_PROGRESS_SECONDS`."""

    def __init__(self, label: str, noun: str, done: int, total: int) -> None:
        self.label, self.noun, self.done, self.total = label, noun, done, total
        self.last = time.monotonic()
        self.reported: int | None = None

    def add(self, count: int) -> None:
        """Add `count` processed rows, and report if it is time."""
        self.done += count
        # The site may have added rows since they were counted.
        self.total = max(self.total, self.done)
        if time.monotonic() - self.last >= settings.MIGRATION_PROGRESS_SECONDS:
            self.report()

    def finish(self) -> None:
        """Report the last figure if earlier ones were reported; stay silent about short work."""
        if self.reported not in (None, self.done):
            self.report()

    def report(self) -> None:
        """Print the current figures."""
        self.last, self.reported = time.monotonic(), self.done
        report.get()(f"{self.label}: {self.done:,} of {self.total:,} {self.noun}")


class BuildIndexConcurrently(AddIndexConcurrently):
    """AddIndexConcurrently, but safe to repeat: rebuilds an index that a kill left invalid."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Build the index unless a valid one exists."""
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
    """Wait for locks without a time limit in this block.

    Only for operations that no reads or writes queue behind. Building an index concurrently waits
    for every older transaction to end.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("RESET lock_timeout")
