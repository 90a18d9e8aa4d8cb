"""Rows by hand-written statements, where a turn's speed is won: what Django's ORM does to build a
statement costs five times what the database and its driver do to carry it out."""

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=Model)


@cache
def columns(model: type[Model], alias: str) -> str:
    """All columns of the model's table, in the order that `made` wants them in."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def statement(text: str, **names: str) -> str:
    """A statement with names of our own columns in place of `{name}`; never with anybody's text."""
    return text.format(**names)


@cache
def width(model: type[Model]) -> int:
    """How many columns that are."""
    return len(model._meta.concrete_fields)


def made(model: type[M], values: Sequence[Any]) -> M:
    """The instance of a row that was read with `columns`."""
    names = [field.attname for field in model._meta.concrete_fields]
    return model.from_db("default", names, values)


def fetch(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Run one statement and read its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def insert(*rows: Model, **computed: str) -> None:
    """Write new rows of one table in one statement; what the database fills in stays unread.

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
    place = f"({', '.join([*['%s'] * len(fields), *computed.values()])})"
    values = [getattr(row, field.attname) for row in rows for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({names})'  # noqa: S608 (names of our own columns)
            f" VALUES {', '.join([place] * len(rows))}",
            values,
        )
    for row in rows:
        row._state.adding, row._state.db = False, "default"
