"""Secrets in the database: encrypted, and readable only with their key."""

import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.encryption import DecryptionError, decrypt, encrypt, reencrypt

KEY = "sk-SECRET-é"


@given(st.text())
def test_what_is_encrypted_comes_back(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    assert decrypt(encrypt(text)) == text


def test_the_text_is_not_in_the_token_and_each_token_differs() -> None:
    first, second = encrypt(KEY), encrypt(KEY)
    assert first != second
    assert "SECRET" not in first


def test_another_secret_key_cannot_read_it(settings: Any) -> None:
    token = encrypt(KEY)
    settings.SECRET_KEY = "another-" * 10
    with pytest.raises(DecryptionError) as caught:
        decrypt(token)
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert KEY not in "".join(told.format())


def test_an_encryption_key_survives_a_new_secret_key(settings: Any) -> None:
    settings.ENCRYPTION_KEY = "a long random string"
    token = encrypt(KEY)
    settings.SECRET_KEY = "another-" * 10
    assert decrypt(token) == KEY


def test_an_encryption_key_may_be_set_later(settings: Any) -> None:
    token = encrypt(KEY)
    settings.ENCRYPTION_KEY = "a long random string"
    assert decrypt(token) == KEY
    assert decrypt(encrypt(KEY)) == KEY


def test_a_value_is_encrypted_again_once(settings: Any) -> None:
    token = encrypt(KEY)
    assert reencrypt(token) is None
    settings.ENCRYPTION_KEY = "a long random string"
    renewed = reencrypt(token)
    assert renewed is not None
    assert reencrypt(renewed) is None
    settings.SECRET_KEY = "another-" * 10
    assert decrypt(renewed) == KEY
    with pytest.raises(DecryptionError):
        reencrypt(token)


@pytest.mark.parametrize(
    "token",
    ["", "x", "gAAAAA", "é", encrypt(KEY)[:-4], "A" + encrypt(KEY)],
    ids=["empty", "short", "start", "not ASCII", "cut", "shifted"],
)
def test_a_damaged_value_cannot_be_read(token: str) -> None:
    with pytest.raises(DecryptionError):
        decrypt(token)
