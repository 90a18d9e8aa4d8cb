"""What is tried again, and what is not: real errors of the real database."""

import pytest
from django.db import DatabaseError, connection
from django.db.utils import DataError, IntegrityError, OperationalError, ProgrammingError

from chat.streaming.retry import retry_while_unavailable
from core.db.executors import run_in_db

PERMANENT = {
    "SELECT repeat('x', -1)::int": DataError,
    "SELECT 'x'::uuid": DataError,
    "SELECT nothing FROM nowhere": ProgrammingError,
    "INSERT INTO chat_suggestion (id) VALUES (NULL)": IntegrityError,
}


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize(("statement", "kind"), PERMANENT.items())
async def test_what_stays_wrong_is_tried_once(statement: str, kind: type[DatabaseError]) -> None:
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        await run_in_db(run, statement)

    with pytest.raises(kind):
        await retry_while_unavailable(work, "asking", seconds=30)
    assert tries == 1


@pytest.mark.usefixtures("transactional_db")
async def test_what_may_pass_is_tried_again() -> None:
    """The second try finds the database as it should be."""
    statements = ["SET statement_timeout = 1; SELECT pg_sleep(5)", "SET statement_timeout = 0"]
    await retry_while_unavailable(lambda: run_in_db(run, statements.pop(0)), "asking", seconds=30)
    assert statements == []
    with pytest.raises(OperationalError):
        await run_in_db(run, "SET statement_timeout = 1; SELECT pg_sleep(5)")
