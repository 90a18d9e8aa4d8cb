"""A person's addresses: whose they are, and which one is the main one."""

import pytest
from allauth.account.models import EmailAddress
from django.contrib.messages import get_messages
from django.core import mail
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.emails import mark_verified
from accounts.models import User
from tests.support.accounts import PASSWORD, Controls

URL = "/accounts/email/"
TAKEN = "An account with this email already exists."
NOTE = "This site doesn't send email yet"


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann@example.org", "correct-horse-9")


@pytest.fixture
def mailed(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"


def own(person: User, email: str, *, verified: bool = False, primary: bool = False) -> None:
    EmailAddress.objects.create(user=person, email=email, verified=verified, primary=primary)


def rows(person: User) -> dict[str, bool]:
    """The person's addresses, and which one is the main one."""
    return dict(EmailAddress.objects.filter(user=person).values_list("email", "primary"))


def give_password(client: Client, password: str = PASSWORD) -> HttpResponse:
    """What comes after the page that asks for it."""
    form = {"password": password, "next": URL}
    return client.post("/accounts/reauthenticate/", form, follow=True)  # type: ignore[return-value]


def add(client: Client, email: str) -> str:
    give_password(client)
    response = client.post(URL, {"action_add": "", "email": email}, follow=True)
    return response.content.decode()


def make_main(client: Client, email: str) -> list[str]:
    """Returns what the page says, to somebody who has just given the password."""
    give_password(client)
    response = client.post(URL, {"action_primary": "", "email": email})
    assert (response.status_code, response["Location"]) == (302, URL)
    return [str(message) for message in get_messages(response.wsgi_request)]


def refused(client: Client, person: User, other: User) -> None:
    """The other's address stays theirs, and everything else as it was."""
    mark_verified(person)
    EmailAddress.objects.update(verified=False)
    own(person, other.email)
    assert make_main(client, other.email) == [TAKEN]
    person.refresh_from_db()
    assert person.email == "ada@example.org"
    assert rows(person) == {"ada@example.org": True, other.email: False}


def test_the_password_is_asked_for_and_what_was_typed_stays(
    signed_in: Client, person: User
) -> None:
    asked = signed_in.post(URL, {"action_add": "", "email": "free@example.org"})
    assert asked["Location"].startswith("/accounts/reauthenticate/?next=")
    assert rows(person) == {person.email: False}
    wrong = give_password(signed_in, "wrong")
    assert "Incorrect password." in wrong.content.decode()
    assert rows(person) == {person.email: False}
    give_password(signed_in)
    assert rows(person) == {person.email: False, "free@example.org": False}


@pytest.mark.parametrize("action", ["action_primary", "action_remove"])
def test_an_address_is_made_main_or_removed_with_the_password(
    signed_in: Client, person: User, action: str
) -> None:
    mark_verified(person)
    own(person, "second@example.org", verified=True)
    before = rows(person)
    asked = signed_in.post(URL, {action: "", "email": "second@example.org"})
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    person.refresh_from_db()
    assert (rows(person), person.email) == (before, "ada@example.org")
    give_password(signed_in)
    person.refresh_from_db()
    if action == "action_primary":
        assert person.email == "second@example.org"
        assert rows(person)["second@example.org"]
    else:
        assert rows(person) == {"ada@example.org": True}


@pytest.mark.parametrize("email", ["ann@example.org", "Ann@Example.ORG"])
def test_an_address_of_somebody_else_is_not_added(
    signed_in: Client, person: User, ann: User, email: str
) -> None:
    html = add(signed_in, email)
    assert TAKEN in html
    assert Controls(html).field("New email address")["aria-invalid"] == "true"
    assert rows(person) == {person.email: False}


def test_a_free_address_is_added_and_made_main(signed_in: Client, person: User) -> None:
    assert TAKEN not in add(signed_in, "free@example.org")
    make_main(signed_in, "free@example.org")
    person.refresh_from_db()
    assert person.email == "free@example.org"
    assert rows(person) == {"ada@example.org": False, "free@example.org": True}


def test_an_address_of_somebody_else_does_not_become_main(
    signed_in: Client, person: User, ann: User
) -> None:
    refused(signed_in, person, ann)
    assert TAKEN in signed_in.get(URL).content.decode()


def test_a_confirmed_address_of_somebody_else_does_not_become_main(
    signed_in: Client, person: User, ann: User, mailed: None
) -> None:
    own(ann, "second@example.org", verified=True)
    own(person, "second@example.org")
    assert make_main(signed_in, "second@example.org") == [TAKEN]
    person.refresh_from_db()
    assert person.email == "ada@example.org"


def test_main_moves_as_a_whole(
    signed_in: Client, person: User, ann: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the address were taken after it was looked at."""
    monkeypatch.setattr("accounts.views.is_taken_by_another", lambda email, person: False)
    refused(signed_in, person, ann)


def test_an_address_that_is_not_ones_own_is_not_made_main(signed_in: Client, ann: User) -> None:
    assert make_main(signed_in, ann.email) == []
    assert make_main(signed_in, "nobody") == []


def test_where_mail_verifies_nobody_learns_who_has_an_account(
    signed_in: Client, person: User, ann: User, mailed: None
) -> None:
    mark_verified(ann)
    assert TAKEN not in add(signed_in, ann.email)
    (message,) = mail.outbox
    assert message.to == [ann.email]
    assert EmailAddress.objects.filter(email=ann.email, verified=True).get().user == ann


def test_a_confirmation_never_takes_the_main_address_of_somebody_else(
    signed_in: Client, person: User, ann: User, mailed: None, settings: Settings
) -> None:
    add(signed_in, ann.email)
    link = str(mail.outbox[0].body).split(settings.SITE_URL)[1].split()[0]
    page = signed_in.post(link, follow=True)
    assert page.status_code == 200
    assert "Another account has already confirmed ann@example.org." in page.content.decode()
    person.refresh_from_db()
    assert person.email == "ada@example.org"
    assert not EmailAddress.objects.filter(verified=True).exists()
    assert rows(person) == {"ada@example.org": False, "ann@example.org": False}


def test_the_page_says_where_mail_goes(signed_in: Client, settings: Settings) -> None:
    assert NOTE not in signed_in.get(URL).content.decode()
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert NOTE in signed_in.get(URL).content.decode()
