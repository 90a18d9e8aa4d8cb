"""The connection that a thread keeps: what it knows without asking, and what it plans once."""

import pytest
from django.db import connection

from core.db.connection import KeptConnection
from core.db.sql import fetch

pytestmark = pytest.mark.django_db(transaction=True)
ME = "SELECT pg_backend_pid() + %(nothing)s"


def backend() -> int:
    found: int = fetch(ME, {"nothing": 0})[0][0]
    return found


def test_a_connection_that_the_server_ended_is_replaced(kept: KeptConnection) -> None:
    first = backend()
    assert kept.is_usable()
    stranger = kept.copy()
    with stranger.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", (first,))
    stranger.close()
    assert not kept.is_usable()
    kept.close_if_unusable_or_obsolete()
    assert backend() != first


def test_a_statement_is_planned_once(kept: KeptConnection) -> None:
    for _ in range(3):
        backend()
    plans = fetch(
        "SELECT generic_plans + custom_plans FROM pg_prepared_statements"
        " WHERE statement LIKE %(like)s",
        {"like": "SELECT pg_backend_pid%"},
    )
    assert plans == [(3,)]


def test_a_url_may_say_that_its_pooler_knows_no_prepared_statements(kept: KeptConnection) -> None:
    kept.close()
    kept.settings_dict["OPTIONS"]["prepare_threshold"] = None
    backend()
    assert fetch("SELECT 1 FROM pg_prepared_statements", {}) == []


def test_moments_have_the_zone_that_the_orm_gives_them() -> None:
    by_hand = fetch("SELECT now()", {})[0][0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        assert by_hand.tzinfo == cursor.fetchone()[0].tzinfo
