"""A look into the running site's database, past everything that it says itself."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import environ
import psycopg
from psycopg.rows import dict_row

Row = dict[str, Any]


class Rows:
    """Reads (and, where a test plays fate, writes) of the site's database, each on its own."""

    def __init__(self, url: str) -> None:
        found = environ.Env.db_url_config(url)
        names = {"host": "HOST", "port": "PORT", "user": "USER", "dbname": "NAME"}
        self.place: dict[str, Any] = {ours: found[name] for ours, name in names.items()}

    @contextmanager
    def cursor(self) -> Iterator[psycopg.Cursor[Row]]:
        with (
            psycopg.connect(**self.place, autocommit=True, row_factory=dict_row) as connection,
            connection.cursor() as cursor,
        ):
            yield cursor

    def all(self, statement: str, *values: object) -> list[Row]:
        with self.cursor() as cursor:
            return cursor.execute(statement, values).fetchall()

    def one(self, statement: str, *values: object) -> Row:
        (row,) = self.all(statement, *values)
        return row

    def do(self, statement: str, *values: object) -> None:
        with self.cursor() as cursor:
            cursor.execute(statement, values)

    def answer(self, conversation: UUID) -> Row:
        """The newest message."""
        return self.all(
            "SELECT * FROM chat_message WHERE conversation_id = %s ORDER BY seq DESC LIMIT 1",
            conversation,
        )[0]

    def run(self, conversation: UUID) -> Row:
        """The newest run."""
        return self.all(
            "SELECT * FROM chat_run WHERE conversation_id = %s ORDER BY created_at DESC LIMIT 1",
            conversation,
        )[0]

    def saved(self, conversation: UUID) -> str:
        """The text on its way."""
        chunks = self.all(
            "SELECT chunk.text FROM chat_chunk chunk JOIN chat_run run ON run.id = chunk.run_id"
            ' WHERE run.conversation_id = %s ORDER BY chunk."offset"',
            conversation,
        )
        return "".join(chunk["text"] for chunk in chunks)
