from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth import BACKEND_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models.signals import post_save
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.initial_admin import create_link
from accounts.models import User
from accounts.session_store import SessionStore as OurSessionStore
from accounts.sessions import EndReason, check_logins, session_data, user_of_session
from accounts.signals import session_ended, session_renewed
from tests.support.accounts import PASSWORD

NEW_PASSWORD = "better-battery-7"


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


@pytest.mark.django_db
def test_an_account_without_a_password_hash_is_no_deleted_one(client: Client) -> None:
    person = User.objects.create(email="imported@example.org")
    client.force_login(person)
    login = key(client), person.pk
    assert check_logins({login: ""})[login].end_reason is None
    person.delete()
    assert check_logins({login: ""})[login].end_reason is EndReason.DELETED


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


# What is told when a session ends
@pytest.fixture
def told(transactional_db: None, signed_in: Client) -> Iterator[list[tuple[str, str]]]:
    """What was said of which session."""
    heard: list[tuple[str, str]] = []

    def ended(session_key: str, **kwargs: object) -> None:
        heard.append(("ended", session_key))

    def renewed(session_key: str, **kwargs: object) -> None:
        heard.append(("renewed", session_key))

    session_ended.connect(ended)
    session_renewed.connect(renewed)
    yield heard
    session_ended.disconnect(ended)
    session_renewed.disconnect(renewed)


def test_signing_out_ends_a_session(signed_in: Client, told: list[tuple[str, str]]) -> None:
    session_key = key(signed_in)
    signed_in.post("/accounts/logout/")
    assert told == [("ended", session_key)]


def test_a_session_that_is_deleted_by_its_key_ended(
    signed_in: Client, told: list[tuple[str, str]]
) -> None:
    OurSessionStore().delete(key(signed_in))
    assert told == [("ended", key(signed_in))]


def test_the_own_change_of_password_renews_the_session(
    signed_in: Client, told: list[tuple[str, str]]
) -> None:
    before = key(signed_in)
    new = {"password1": "another-one-5", "password2": "another-one-5"}
    signed_in.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
    assert told == [("renewed", before)]
    assert user_of_session(key(signed_in))


def test_nothing_is_told_of_what_is_rolled_back(
    signed_in: Client, told: list[tuple[str, str]]
) -> None:
    with transaction.atomic():
        OurSessionStore().delete(key(signed_in))
        transaction.set_rollback(True)
    assert told == []
    assert user_of_session(key(signed_in))


def test_asynchronous_code_tells_the_same(told: list[tuple[str, str]]) -> None:
    session, keys = OurSessionStore(), []

    async def work() -> None:
        await session.acreate()
        keys.append(session.session_key)
        await session.acycle_key()
        keys.append(session.session_key)
        await session.aflush()

    async_to_sync(work)()
    assert told == [("renewed", keys[0]), ("ended", keys[1])]


# The password and the key of the session change together
def change_own(client: Client, person: User) -> None:
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})


def change_own_as_administrator(client: Client, person: User) -> None:
    User.objects.update(is_staff=True, is_superuser=True)
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    client.post(f"/admin/accounts/user/{person.pk}/password/", new)


def set_first(client: Client, person: User) -> None:
    person.set_unusable_password()
    person.save()
    client.force_login(person)
    client.post("/accounts/password/set/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})


def become_administrator(client: Client, person: User) -> None:
    path = urlsplit(create_link()).path
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(path, {"email": person.email, **new})


@pytest.mark.parametrize(
    "change", [change_own, change_own_as_administrator, set_first, become_administrator]
)
def test_no_session_of_the_old_password_is_left_when_a_change_is_heard(
    signed_in: Client,
    person: User,
    told: list[tuple[str, str]],
    change: Callable[[Client, User], None],
) -> None:
    """Or who hears of it would close the pages of the browser that changed it."""
    left: list[list[str]] = []

    def heard(instance: User, **kwargs: object) -> None:
        if instance.check_password(NEW_PASSWORD):
            transaction.on_commit(lambda: left.append(keys_of(person)))

    post_save.connect(heard, sender=User)
    try:
        change(signed_in, person)
    finally:
        post_save.disconnect(heard, sender=User)
    person.refresh_from_db()
    assert person.check_password(NEW_PASSWORD)
    how, old = told[-1]
    assert how == "renewed"
    assert [old in keys for keys in left] == [False]
    assert user_of_session(key(signed_in)) == person


def keys_of(person: User) -> list[str]:
    """The sessions that say that they belong to this person."""
    sessions = Session.objects.values_list("session_key", flat=True)
    return [found for found in sessions if session_data(found).get(SESSION_KEY) == str(person.pk)]
