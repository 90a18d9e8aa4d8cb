"""A mail server that is away: the page says so, and everything else goes on."""

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD
from tests.support.server_process import free_port

RESET = "/accounts/password/reset/"
NEW = "better-battery-7"
LOCMEM = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def without_mail(settings: Settings) -> Settings:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    return settings


@pytest.mark.parametrize("email", ["ada@example.org", "nobody@example.org"])
def test_a_reset_says_so_for_every_address(
    client: Client, person: User, without_mail: Settings, email: str
) -> None:
    response = client.post(RESET, {"email": email})
    assert response.status_code == 503
    assert "The mail could not be sent" in response.content.decode()


def test_mails_that_were_not_sent_do_not_count(
    client: Client, person: User, without_mail: Settings
) -> None:
    for _ in range(5):
        assert client.post(RESET, {"email": person.email}).status_code == 503
    without_mail.EMAIL_BACKEND = LOCMEM
    assert client.post(RESET, {"email": person.email}).status_code == 302
    assert len(mail.outbox) == 1


def test_who_signed_up_gets_the_mail_when_they_sign_in(
    client: Client, db: None, without_mail: Settings
) -> None:
    data = {"email": "new@example.org", "password1": NEW, "password2": NEW}
    response = client.post("/accounts/signup/", data)
    assert response.status_code == 503
    assert "your account exists" in response.content.decode()
    without_mail.EMAIL_BACKEND = LOCMEM
    response = client.post("/accounts/login/", {"login": data["email"], "password": NEW})
    assert response["Location"] == "/accounts/confirm-email/"
    assert [message.to for message in mail.outbox] == [["new@example.org"]]


def test_news_that_cannot_be_sent_stop_nothing(
    signed_in: Client, person: User, without_mail: Settings
) -> None:
    without_mail.ACCOUNT_EMAIL_NOTIFICATIONS = True
    data = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert signed_in.post("/accounts/password/change/", data).status_code == 302
    person.refresh_from_db()
    assert person.check_password(NEW)
