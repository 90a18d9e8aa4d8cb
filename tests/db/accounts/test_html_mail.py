"""Mails have an HTML form with the words of their text, in which only our own link is one."""

import re
from html import unescape

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD

RESET = "/accounts/password/reset/"
NEW = "better-battery-7"


def only_mail() -> tuple[str, str]:
    """The text and the HTML of the only mail."""
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return str(message.body), str(html)


def links(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'href="([^"]*)"', html)]


def test_says_what_the_text_says(client: Client, person: User, settings: Settings) -> None:
    client.post(RESET, {"email": person.email})
    text, html = only_mail()
    link = re.search(r"^http\S+/key/\S+$", text, re.MULTILINE)
    assert link
    assert links(html) == [link[0], settings.SITE_URL]
    visible = " ".join(unescape(strip_tags(html)).split())
    for paragraph in text.split("\n\n--\n")[0].split("\n\n"):
        assert " ".join(paragraph.split()) in visible
    assert "style-src" not in html
    assert "<script" not in html


def test_what_a_stranger_sent_is_text(client: Client, person: User, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_NOTIFICATIONS = True
    agent = 'Mozilla <a href="https://evil.example">x</a> https://evil.example'
    client.force_login(person)
    client.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
        headers={"user-agent": agent},
    )
    _, html = only_mail()
    assert "&lt;a href=" in html
    assert links(html) == [settings.SITE_URL]


@pytest.mark.django_db
def test_a_console_shows_the_text_alone(
    client: Client, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    client.post(RESET, {"email": "eve@example.org"})
    output = capsys.readouterr().out
    assert "no account with this email" in output
    assert "<html" not in output


def test_follows_the_language(client: Client, person: User) -> None:
    client.post(RESET, {"email": person.email}, headers={"accept-language": "de"})
    _, html = only_mail()
    assert 'lang="de"' in html
