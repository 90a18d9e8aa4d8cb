"""The limit on the connections of requests: it holds, it is given back, and nobody queues."""

import gc
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from django.db import connection
from psycopg_pool import PoolTimeout

from core.db.errors import Kind, outage_of
from core.db.postgresql.base import DatabaseWrapper


def wrapper(alias: str, size: int = 2, **changes: Any) -> Any:
    """A connection that is not open, one of those that share the limit of `alias`."""
    limits = {"pool": {"max_size": size, "timeout": 0.5}, "connect_timeout": 2}
    options = connection.settings_dict["OPTIONS"] | limits
    return DatabaseWrapper(connection.settings_dict | {"OPTIONS": options} | changes, alias)


def connect(own: Any) -> None:
    own.connection = own.get_new_connection(own.get_connection_params())


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port that accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@pytest.mark.django_db
def test_the_limit_holds_and_a_closed_connection_gives_its_place_back() -> None:
    first, second, third = (wrapper("limited") for _ in range(3))
    connect(first)
    connect(second)
    try:
        with pytest.raises(PoolTimeout) as refused:
            connect(third)
        outage = outage_of(refused.value)
        assert outage is not None
        assert outage.kind is Kind.BUSY
        first.close()
        first.close()  # gives back once
        connect(third)
        with pytest.raises(PoolTimeout):
            connect(first)
    finally:
        for own in (first, second, third):
            own.close()


@pytest.mark.django_db
def test_a_connection_that_is_closed_in_a_transaction_gives_its_place_back() -> None:
    first, second = (wrapper("transaction", size=1) for _ in range(2))
    connect(first)
    first.in_atomic_block = True
    first.close()
    connect(second)
    second.close()


@pytest.mark.django_db
def test_a_thread_that_ends_without_closing_gives_its_place_back() -> None:
    for _ in range(3):
        forgotten = wrapper("forgotten", size=1)
        connect(forgotten)
        forgotten.connection.close()
        del forgotten
        gc.collect()


@pytest.mark.django_db
def test_a_failed_attempt_takes_no_place(black_hole: int) -> None:
    for _ in range(2):
        with pytest.raises(psycopg.OperationalError) as refused:
            connect(wrapper("failed", size=1, HOST="127.0.0.1", PORT=black_hole))
        assert not isinstance(refused.value, PoolTimeout)


@pytest.mark.django_db
def test_nobody_waits_for_others_behind_a_host_that_swallows_packets(black_hole: int) -> None:
    hosts = [wrapper("swallowed", size=16, HOST="127.0.0.1", PORT=black_hole) for _ in range(10)]

    def attempt(own: Any) -> tuple[float, Kind | None]:
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError) as refused:
            connect(own)
        outage = outage_of(refused.value)
        return time.monotonic() - began, outage.kind if outage else None

    with ThreadPoolExecutor(10) as threads:
        results = list(threads.map(attempt, hosts))
    assert {kind for _, kind in results} == {Kind.AWAY}
    assert max(seconds for seconds, _ in results) < 8  # one after the other: 20 s
