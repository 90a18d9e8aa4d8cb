from datetime import timedelta

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from accounts.sessions import user_of_session


def key(client: Client) -> str:
    return str(client.session.session_key)


def asked_of_django(session_key: str) -> User | None:
    """What a page request with this session would see."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    user = get_user(request)
    return user if isinstance(user, User) else None


def change(session: SessionBase, **values: str) -> None:
    session.update(values)
    session.save()


def test_names_the_person(
    signed_in: Client, person: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session_key = key(signed_in)
    with django_assert_num_queries(2):
        assert user_of_session(session_key) == person
    assert asked_of_django(session_key) == person


def test_nobody_after_sign_out(signed_in: Client) -> None:
    session_key = key(signed_in)
    signed_in.logout()
    assert user_of_session(session_key) is asked_of_django(session_key) is None


def test_nobody_after_expiry(signed_in: Client) -> None:
    session_key = key(signed_in)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert user_of_session(session_key) is asked_of_django(session_key) is None


def test_nobody_when_switched_off(signed_in: Client) -> None:
    User.objects.update(is_active=False)
    assert user_of_session(key(signed_in)) is asked_of_django(key(signed_in)) is None


def test_nobody_after_deletion(signed_in: Client) -> None:
    User.objects.all().delete()
    assert user_of_session(key(signed_in)) is asked_of_django(key(signed_in)) is None


def test_nobody_after_a_change_of_password(signed_in: Client, person: User) -> None:
    session_key = key(signed_in)
    person.set_password("another-one-5")
    person.save()
    assert user_of_session(session_key) is None
    assert Session.objects.filter(session_key=session_key).exists(), "asking never writes"
    assert asked_of_django(session_key) is None


@pytest.mark.django_db
@pytest.mark.parametrize("session_key", ["", "unknown", "x" * 40, "é" * 8, "a b"])
def test_nobody_for_a_key_that_is_none(session_key: str) -> None:
    assert user_of_session(session_key) is None


@pytest.mark.django_db
def test_nobody_for_a_visitor(client: Client) -> None:
    change(client.session, visited="yes")
    assert user_of_session(key(client)) is None


@pytest.mark.parametrize(
    "values", [{BACKEND_SESSION_KEY: "old.Backend"}, {SESSION_KEY: "7"}, {SESSION_KEY: ""}]
)
def test_nobody_for_a_session_of_another_make(signed_in: Client, values: dict[str, str]) -> None:
    session = signed_in.session
    change(session, **values)
    assert user_of_session(str(session.session_key)) is None


def test_a_session_signed_with_the_old_secret_stays(
    signed_in: Client, person: User, settings: Settings
) -> None:
    session_key = key(signed_in)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "the-new-secret-of-the-site"
    assert user_of_session(session_key) == person
    assert Session.objects.filter(session_key=session_key).exists()
