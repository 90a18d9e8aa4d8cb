"""The first steps of an administrator look at the site by themselves."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from chat.models import ChatModel, Suggestion, SystemPrompt
from chat.services.system_prompts import publish, save_version
from tests.support.server_process import free_port

START = "/admin/start/"


@pytest.fixture
def superuser(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", "correct-horse-9"))
    return client


def states(client: Client) -> dict[str, bool]:
    """Which step is done, by its key."""
    html = client.get(START).content.decode()
    found = re.findall(r'id="step-(\w+)".*?start-state( start-done)?"', html, re.DOTALL)
    return {key: bool(done) for key, done in found}


def test_a_new_site_has_things_to_do(superuser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    ChatModel.objects.update(enabled=False, is_default=False)
    Suggestion.objects.update(enabled=False)
    assert states(superuser) == {
        "answers": False,
        "prompt": False,
        "people": True,
        "mail": False,
        "suggestions": False,
    }
    assert "1 of 5 done" in superuser.get("/admin/").content.decode()


def test_steps_are_done_when_they_are(superuser: Client) -> None:
    assert states(superuser)["suggestions"]
    assert not states(superuser)["prompt"]
    prompt = SystemPrompt.objects.get(is_default=True)
    version = save_version(prompt, "Answer <b>briefly</b>.", "", None)
    assert version
    publish(prompt, version.number)
    assert states(superuser)["prompt"]
    html = superuser.get(START).content.decode()
    assert "Answer &lt;b&gt;briefly&lt;/b&gt;." in html


def test_the_card_goes_for_good_when_it_is_hidden(superuser: Client) -> None:
    assert START in superuser.get("/admin/").content.decode()
    assert superuser.post(f"{START}hide/")["Location"] == "/admin/"
    assert START not in superuser.get("/admin/").content.decode()
    assert superuser.post(f"{START}hide/").status_code == 302
    superuser.post(f"{START}hide/", {"hidden": "0"})
    assert START in superuser.get("/admin/").content.decode()


def test_a_test_mail_goes_to_who_asks(superuser: Client) -> None:
    html = superuser.post(f"{START}mail/", follow=True).content.decode()
    (message,) = mail.outbox
    assert message.to == ["root@example.org"]
    assert "A test mail was sent to root@example.org." in html


def test_a_mail_server_that_is_away_is_told(superuser: Client, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    response: Any = superuser.post(f"{START}mail/", follow=True)
    assert response.status_code == 200
    assert "The mail server did not take the mail." in response.content.decode()


@pytest.mark.parametrize("path", ["", "mail/", "hide/"])
def test_is_for_who_may_set_up(client: Client, path: str, owner: User, superuser: Client) -> None:
    send = client.post if path else client.get
    assert send(START + path).status_code == 302
    client.force_login(owner)
    assert client.get(START, follow=True).status_code in (403, 404)
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    assert send(START + path).status_code == 403
    assert superuser.get(f"{START}mail/").status_code == 405
