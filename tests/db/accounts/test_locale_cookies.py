"""A sign-in brings the person's language and time zone into the browser; a sign-out takes them."""

import pytest
from django.test import Client

from accounts.models import User
from tests.support.accounts import PASSWORD

pytestmark = pytest.mark.django_db
COOKIES = ("language", "time_zone")


def sign_in(client: Client, email: str) -> None:
    response = client.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert response.status_code == 302


def cookies_of(client: Client) -> list[str]:
    return [client.cookies[name].value if name in client.cookies else "" for name in COOKIES]


@pytest.fixture
def traveller(person: User) -> User:
    """Has chosen both."""
    User.objects.filter(pk=person.pk).update(language="de", time_zone="Asia/Tokyo")
    return person


def test_a_sign_in_sets_both(client: Client, traveller: User) -> None:
    sign_in(client, traveller.email)
    assert cookies_of(client) == ["de", "Asia/Tokyo"]
    for name in COOKIES:
        assert client.cookies[name]["httponly"] is True
        assert client.cookies[name]["samesite"] == "Lax"
    html = client.get("/accounts/email/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="de"' in html


def test_a_sign_out_deletes_both(client: Client, traveller: User) -> None:
    sign_in(client, traveller.email)
    client.post("/accounts/logout/")
    assert cookies_of(client) == ["", ""]
    html = client.get("/accounts/login/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="fr"' in html


def test_the_next_person_at_the_browser_gets_their_own(client: Client, traveller: User) -> None:
    """Also if the session before just expired."""
    User.objects.create_user("grace@example.org", PASSWORD)
    sign_in(client, traveller.email)
    del client.cookies["chat_session"]
    sign_in(client, "grace@example.org")
    assert cookies_of(client) == ["", ""]


@pytest.mark.parametrize("language", ["xx", "", "de\r\nSet-Cookie: x=1", "d" * 5000, "dé"])
def test_a_language_that_the_site_has_not_got(client: Client, language: str) -> None:
    client.cookies["language"] = language
    html = client.get("/accounts/login/", headers={"Accept-Language": "fr"}).content.decode()
    assert '<html lang="fr"' in html


def test_the_pages_of_signed_out_people_set_none(client: Client) -> None:
    assert client.get("/accounts/login/").status_code == 200
    assert not set(COOKIES) & client.cookies.keys()
