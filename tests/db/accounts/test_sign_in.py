from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD, Controls

URL = "/accounts/login/"
WRONG = "Incorrect email or password."


def sign_in(client: Client, email: str = "ada@example.org", password: str = PASSWORD) -> str:
    """Where the answer leads, or the page that comes back."""
    response = client.post(URL, {"login": email, "password": password})
    return response.get("Location") or response.content.decode()


@pytest.mark.django_db
def test_fields_and_button(client: Client) -> None:
    page = Controls(client.get(URL).content.decode())
    assert list(page.labels) == ["Email", "Password"]
    assert page.field("Email")["type"] == "email"
    assert page.field("Email")["autocomplete"] == "username"
    assert page.field("Password")["autocomplete"] == "current-password"
    assert "Sign in" in page.buttons


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@example.org", " ada@Example.org "])
def test_in_any_case(client: Client, person: User, email: str) -> None:
    assert sign_in(client, email) == "/"
    assert client.session["_auth_user_id"] == str(person.pk)


def test_the_session_outlives_the_browser(client: Client, person: User) -> None:
    sign_in(client)
    assert not client.session.get_expire_at_browser_close()


def test_one_sentence_for_a_wrong_password_and_an_unknown_email(
    client: Client, person: User
) -> None:
    known, unknown = sign_in(client, password="wrong"), sign_in(client, "eve@example.org", "wrong")
    for html in (known, unknown):
        assert WRONG in html
        assert 'role="alert"' in html
        assert "autofocus" in Controls(html).field("Password")


def test_comes_back_after_the_session_expired(client: Client, person: User) -> None:
    sign_in(client)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    away = client.get("/accounts/password/change/")
    assert away["Location"] == f"{URL}?next=/accounts/password/change/"
    page = client.get(away["Location"]).content.decode()
    assert '<input type="hidden" name="next" value="/accounts/password/change/">' in page
    back = client.post(
        URL, {"login": person.email, "password": PASSWORD, "next": "/accounts/password/change/"}
    )
    assert back["Location"] == "/accounts/password/change/"


def test_next_survives_a_wrong_password(client: Client, person: User) -> None:
    answer = client.post(URL, {"login": person.email, "password": "x", "next": "/c/7/"})
    assert 'name="next" value="/c/7/"' in answer.content.decode()


def test_an_inactive_account_is_told_so(client: Client, person: User) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client) == "/accounts/inactive/"
    assert "Account disabled" in client.get("/accounts/inactive/").content.decode()
    assert "_auth_user_id" not in client.session


def test_guessing_is_slowed_down_and_told_so(client: Client, person: User) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    assert "Too many attempts with this email." in sign_in(client)


@pytest.mark.django_db
def test_too_many_requests_have_a_page(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    client.post(URL, {})
    response = client.post(URL, {})
    assert response.status_code == 429
    assert "Wait a minute" in response.content.decode()


def test_sign_out_is_a_post_with_a_page_that_asks(signed_in: Client) -> None:
    page = signed_in.get("/accounts/logout/").content.decode()
    assert "Sign out" in Controls(page).buttons
    assert "_auth_user_id" in signed_in.session
    response = signed_in.post("/accounts/logout/")
    assert response["Location"] == URL
    assert "_auth_user_id" not in signed_in.session
    assert "You are signed out." in signed_in.get(URL).content.decode()


def test_createsuperuser_can_sign_in(client: Client, db: None) -> None:
    call_command("createsuperuser", email="Root@Example.org", interactive=False)
    root = User.objects.get()
    root.set_password(PASSWORD)
    root.save()
    assert root.email == "root@example.org"
    assert sign_in(client, "root@example.org") == "/"
