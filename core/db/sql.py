"""Rows by hand-written statements, where a turn's speed is won: what Django's ORM does to build a
statement costs five times what the database and its driver do to carry it out."""

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
    """All columns of the model's table, in the order that `made` wants them in."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def statement(text: str, **names: str) -> str:
    """A statement with names of our own columns in place of `{name}`; never with anybody's text."""
    return text.format(**names)


@cache
def column_count(model: type[Model]) -> int:
    """How many columns that are."""
    return len(model._meta.concrete_fields)


def from_row(model: type[M], values: Sequence[Any]) -> M:
    """The instance of a row that was read with `columns`."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db("default", names, values)


class ServerSideCursor(Cursor[Any]):
    """Values travel beside the statement, which a kept connection lets the server plan only once:
    Django's own cursor writes them into it, and planning took longer than carrying out."""

    def __init__(self, connection: Connection[Any]) -> None:
        super().__init__(connection)
        # In C, in place of Django's.
        self.adapters.register_loader("timestamptz", TimestamptzLoader)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """As psycopg's, and prepared where the connection allows it (`core.db.connection`)."""
        return super().execute(query, params, **{"prepare": True} | options)


def open_cursor() -> CursorWrapper:
    """A cursor as `connection.cursor()` makes it, around a `ServerSideCursor`."""
    here: Any = connection
    here.close_if_health_check_failed()
    here.ensure_connection()
    with here.wrap_database_errors:
        wrapper: CursorWrapper = here._prepare_cursor(ServerSideCursor(here.connection))
    return wrapper


def fetch(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement and read its rows."""
    with open_cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


StatementPart = tuple[str, list[Any]]


# Written into the statement: psycopg remembers how to send one only up to fifty values.
LITERALS = {None: "NULL", "": "''", True: "true", False: "false"}


def insert_statement(*rows: Model, **computed: str) -> StatementPart:
    """The statement that writes new rows of one table; what the database fills in stays unread.

    `computed` gives the SQL of columns whose value only the database knows.
    """
    model = type(rows[0])
    fields = [
        field
        for field in model._meta.concrete_fields
        if field.column not in computed
        and not isinstance(getattr(rows[0], field.attname), DatabaseDefault)
    ]
    names = ", ".join(f'"{name}"' for name in [*(field.column for field in fields), *computed])
    places, values = [], []
    for row in rows:
        found = [getattr(row, field.attname) for field in fields]
        places.append(", ".join([*map(placeholder, found), *computed.values()]))
        values += [value for value in found if placeholder(value) == "%s"]
        row._state.adding, row._state.db = False, "default"
    table, rows_sql = model._meta.db_table, "), (".join(places)
    # Names of our own columns.
    return f'INSERT INTO "{table}" ({names}) VALUES ({rows_sql})', values  # noqa: S608


def placeholder(value: Any) -> str:
    """How a value stands in a statement."""
    return LITERALS[value] if value is None or value == "" or isinstance(value, bool) else "%s"


def execute_together(*parts: StatementPart) -> list[tuple[Any, ...]]:
    """All of it by one statement: none of the parts sees what another one writes. The rows are
    those that the last part returns."""
    *others, (last, _) = parts
    beside = ", ".join(f"part{at} AS ({text})" for at, (text, _) in enumerate(others))
    values = [value for _, values in parts for value in values]
    with open_cursor() as cursor:
        cursor.execute(f"WITH {beside} {last}" if beside else last, values)
        return cursor.fetchall() if cursor.description else []
