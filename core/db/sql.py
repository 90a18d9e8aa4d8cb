"""Run hand-written SQL statements, where the speed of a turn depends on it.

Building a statement with Django's ORM takes five times as long as the driver and the database need
to execute it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Self, TypeVar

from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from psycopg import Connection, Cursor
from psycopg.types.datetime import TimestamptzLoader

M = TypeVar("M", bound=Model)


@cache
def columns(model: type[Model], alias: str) -> str:
    """Return all columns of the model's table, in the order that `from_row` expects."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def statement(text: str, **names: str) -> str:
    """Return the statement with our own SQL names in place of `{name}`; never pass user input."""
    return text.format(**names)


@cache
def column_count(model: type[Model]) -> int:
    """Return the number of columns that `columns` lists."""
    return len(model._meta.concrete_fields)


def from_row(model: type[M], values: Sequence[Any]) -> M:
    """Return the model instance for a row that was selected with `columns`."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db("default", names, values)


class ServerSideCursor(Cursor[Any]):
    """A cursor that sends values separately from the statement.

    So the server plans a prepared statement only once. Django's own cursor puts the values into the
    statement, and planning took longer than execution.
    """

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__(connection)
        # psycopg's loader in C, in place of Django's.
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Execute as a prepared statement if the connection allows it (`core.db.connection`)."""
        return super().execute(query, params, **{"prepare": True} | options)


def open_cursor() -> CursorWrapper:
    """Return what `connection.cursor()` would, but around a `ServerSideCursor`."""
    wrapper: Any = connection
    wrapper.close_if_health_check_failed()
    wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        cursor = ServerSideCursor(wrapper.connection)
    wrap = wrapper.make_debug_cursor if wrapper.queries_logged else wrapper.make_cursor
    return wrap(cursor)  # type: ignore[no-any-return]


def fetch(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement and return its rows."""
    with open_cursor() as cursor:
        cursor.execute(statement, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


StatementPart = tuple[str, list[Any]]


# Values written into the statement: psycopg caches its query parsing only up to fifty values.
LITERALS = {None: "NULL", "": "''", True: "true", False: "false"}


def insert_statement(*rows: Model, **computed: str) -> StatementPart:
    """Return an INSERT statement for new rows of one table, and its values.

    Columns with a database default are left out, and are not read back. `computed` gives the SQL
    of columns whose value the database computes.
    """
    model = type(rows[0])
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.column not in computed
        and not isinstance(getattr(rows[0], field.attname), DatabaseDefault)
    ]
    names = ", ".join(f'"{name}"' for name in [*(field.column for field in fields), *computed])
    row_placeholders, values = [], []
    for row in rows:
        row_values = [getattr(row, field.attname) for field in fields]
        row_placeholders.append(", ".join([*map(placeholder, row_values), *computed.values()]))
        values += [value for value in row_values if placeholder(value) == "%s"]
        row._state.adding, row._state.db = False, "default"
    table, rows_sql = model._meta.db_table, "), (".join(row_placeholders)
    # The SQL holds only our own table and column names.
    return f'INSERT INTO "{table}" ({names}) VALUES ({rows_sql})', values  # noqa: S608


def placeholder(value: Any) -> str:
    """Return the literal of a value, or `%s` for one that is sent separately."""
    return LITERALS[value] if value is None or value == "" or isinstance(value, bool) else "%s"


def execute_together(*parts: StatementPart) -> list[tuple[Any, ...]]:
    """Execute all parts as one statement and return the rows of the last part.

    No part sees what another one writes.
    """
    *others, (last, _) = parts
    ctes = ", ".join(f"part{index} AS ({text})" for index, (text, _) in enumerate(others))
    values = [value for _, values in parts for value in values]
    with open_cursor() as cursor:
        cursor.execute(f"WITH {ctes} {last}" if ctes else last, values)
        return cursor.fetchall() if cursor.description else []
