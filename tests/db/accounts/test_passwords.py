import re

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD, Controls

RESET = "/accounts/password/reset/"
NEW = "better-battery-7"


def link_in_mail(settings: Settings) -> str:
    """The path of the link in the only mail, which must name SITE_URL."""
    (message,) = mail.outbox
    found = re.search(re.escape(settings.SITE_URL) + r"(/accounts/\S+)", str(message.body))
    assert found, message.body
    return found[1]


def choose(client: Client, link: str) -> str:
    """Follow the link and choose a password; returns where that leads."""
    form = client.get(link)["Location"]
    return str(client.post(form, {"password1": NEW, "password2": NEW})["Location"])


def test_the_link_in_the_mail_sets_a_new_password(
    client: Client, person: User, settings: Settings
) -> None:
    client.post(RESET, {"email": "ADA@example.org"})
    link = link_in_mail(settings)
    assert choose(client, link) == "/accounts/password/reset/key/done/"
    person.refresh_from_db()
    assert person.check_password(NEW)


def test_the_link_works_once(client: Client, person: User, settings: Settings) -> None:
    client.post(RESET, {"email": person.email})
    link = link_in_mail(settings)
    choose(client, link)
    assert "This link doesn't work" in Client().get(link).content.decode()


def test_the_mail_is_plain_and_names_the_site_whatever_the_host_header_says(
    client: Client, person: User, settings: Settings
) -> None:
    settings.SITE_URL = "https://chat.example.org"
    client.post(RESET, {"email": person.email}, headers={"host": "localhost"})
    (message,) = mail.outbox
    assert message.subject == "Reset your password"
    assert message.to == [person.email]
    assert "https://chat.example.org/accounts/password/reset/key/" in message.body
    assert "localhost" not in message.body
    assert "&#" not in message.body


def test_does_not_tell_who_has_an_account(client: Client, person: User) -> None:
    known = client.post(RESET, {"email": person.email})
    unknown = client.post(RESET, {"email": "eve@example.org"})
    assert known["Location"] == unknown["Location"] == "/accounts/password/reset/done/"
    assert [message.to[0] for message in mail.outbox] == [person.email, "eve@example.org"]
    assert "no account with this email" in str(mail.outbox[1].body)


@pytest.mark.django_db
def test_says_where_mail_goes_when_it_is_printed(client: Client, settings: Settings) -> None:
    note = "doesn't send email yet"
    assert note not in client.get(RESET).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert note in client.get(RESET).content.decode()


def test_change_keeps_this_session_and_ends_the_others(signed_in: Client, person: User) -> None:
    other = Client()
    other.force_login(person)
    page = Controls(signed_in.get("/accounts/password/change/").content.decode())
    assert list(page.labels) == ["Current password", "New password", "Confirm new password"]
    assert page.field("Current password")["autocomplete"] == "current-password"
    response = signed_in.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
        follow=True,
    )
    assert "Your password was changed." in response.content.decode()
    assert signed_in.get("/accounts/password/change/").status_code == 200
    assert other.get("/accounts/password/change/").status_code == 302


def test_change_asks_for_the_current_password(signed_in: Client, person: User) -> None:
    response = signed_in.post(
        "/accounts/password/change/", {"oldpassword": "x", "password1": NEW, "password2": NEW}
    )
    assert "The current password is incorrect." in response.content.decode()
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_nobody_is_flooded_with_mail_and_the_last_link_still_works(
    client: Client, person: User, settings: Settings
) -> None:
    for email in ["ada@example.org", "ADA@example.org", "Ada@Example.org", "ada@example.org"]:
        for host in ("localhost", "127.0.0.1"):
            answer = Client().post(RESET, {"email": email}, headers={"host": host})
            assert answer["Location"] == "/accounts/password/reset/done/"
    assert [message.to for message in mail.outbox] == [[person.email]] * 3
    del mail.outbox[:2]
    assert choose(client, link_in_mail(settings)) == "/accounts/password/reset/key/done/"


def test_who_has_no_account_is_not_flooded_either(client: Client, db: None) -> None:
    for _ in range(5):
        client.post(RESET, {"email": "eve@example.org"})
    assert len(mail.outbox) == 3


def test_news_about_ones_own_account_is_never_held_back(
    client: Client, person: User, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    for _ in range(5):
        client.post(RESET, {"email": person.email})
    del mail.outbox[:2]
    choose(client, link_in_mail(settings))
    assert len(mail.outbox) == 2


def test_a_new_password_by_mail_lets_in_whom_a_stranger_kept_out(
    client: Client, person: User, settings: Settings
) -> None:
    def sign_in(browser: Client, password: str) -> bool:
        form = {"login": person.email, "password": password}
        return browser.post("/accounts/login/", form).status_code == 302

    guesses = [sign_in(Client(), "wrong") for _ in range(5)]
    assert guesses == [False] * 5
    assert not sign_in(client, PASSWORD)
    client.post(RESET, {"email": person.email})
    choose(client, link_in_mail(settings))
    for _ in range(5):
        sign_in(Client(), "wrong")
    assert sign_in(client, NEW)
