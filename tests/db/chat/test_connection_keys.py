"""Saved keys outlive a change of SECRET_KEY once ENCRYPTION_KEY is set."""

from typing import Any

import pytest

from chat.llm.endpoints import read_key
from chat.models import Connection
from chat.services.connection_keys import Reencrypted, reencrypt_keys
from core.encryption import encrypt

pytestmark = pytest.mark.django_db

KEY = "sk-SECRET-44"


@pytest.fixture
def connection() -> Connection:
    """A connection whose key was encrypted with SECRET_KEY, beside one without a key."""
    Connection.objects.create(name="Open", address="http://127.0.0.1:8/v1")
    return Connection.objects.create(
        name="Workshop", address="http://127.0.0.1:9/v1", encrypted_key=encrypt(KEY)
    )


def test_after_a_start_with_an_encryption_key_the_secret_key_may_change(
    connection: Connection, settings: Any
) -> None:
    settings.ENCRYPTION_KEY = "a long random string"
    assert reencrypt_keys() == Reencrypted(renewed=1)
    settings.SECRET_KEY = "another-" * 10
    connection.refresh_from_db()
    assert read_key(connection) == KEY


def test_a_second_start_writes_nothing(connection: Connection, settings: Any) -> None:
    assert reencrypt_keys() == Reencrypted()
    settings.ENCRYPTION_KEY = "a long random string"
    reencrypt_keys()
    before = list(Connection.objects.values())
    assert reencrypt_keys() == Reencrypted()
    assert list(Connection.objects.values()) == before


def test_what_cannot_be_read_is_counted_and_stays(connection: Connection, settings: Any) -> None:
    settings.SECRET_KEY = "another-" * 10
    settings.ENCRYPTION_KEY = "a long random string"
    assert reencrypt_keys() == Reencrypted(unreadable=1)
    before = connection.encrypted_key
    connection.refresh_from_db()
    assert connection.encrypted_key == before
