import pytest
from django.core import mail
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD, Controls

URL = "/accounts/signup/"


def data(email: str = "ada@example.org", **changes: str) -> dict[str, str]:
    return {"email": email, "password1": PASSWORD, "password2": PASSWORD} | changes


@pytest.mark.django_db
def test_asks_email_and_password_twice_and_nothing_else(client: Client) -> None:
    page = Controls(client.get(URL).content.decode())
    assert list(page.labels) == ["Email", "Password", "Confirm password"]
    assert page.field("Email")["autocomplete"] == "email"
    assert page.field("Password")["autocomplete"] == "new-password"
    assert page.field("Confirm password")["autocomplete"] == "new-password"
    assert "Sign up" in page.buttons
    assert all("placeholder" not in field for field in page.fields.values())


@pytest.mark.django_db
def test_signs_in_and_lands_on_the_start_page(client: Client) -> None:
    response = client.post(URL, data())
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)
    assert mail.outbox == []


@pytest.mark.django_db
def test_goes_where_the_person_was_heading(client: Client) -> None:
    response = client.post(f"{URL}?next=/c/7/", data() | {"next": "/c/7/"})
    assert response["Location"] == "/c/7/"


@pytest.mark.django_db
@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:x"])
def test_never_leaves_the_site(client: Client, target: str) -> None:
    response = client.post(URL, data() | {"next": target})
    assert response["Location"] == "/"


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.ORG"])
def test_an_address_is_one_person_in_any_case(client: Client, person: User, email: str) -> None:
    html = client.post(URL, data(email)).content.decode()
    assert "An account with this email already exists." in html
    assert Controls(html).field("Email")["aria-describedby"] == "id_email_error"
    assert Controls(html).ids["id_email_error"] == "ul"
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_the_address_is_kept_in_lower_case(client: Client) -> None:
    client.post(URL, data("Grace@Example.ORG"))
    assert User.objects.get().email == "grace@example.org"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"password1": "12345678", "password2": "12345678"}, "Password", "entirely numeric"),
        ({"password2": "different-9"}, "Confirm password", "same password each time"),
        ({"email": "nobody"}, "Email", "valid email"),
    ],
)
def test_errors_stand_next_to_their_field(
    client: Client, changes: dict[str, str], field: str, sentence: str
) -> None:
    html = client.post(URL, data() | changes).content.decode()
    wrong = Controls(html).field(field)
    assert sentence in html
    assert wrong["aria-invalid"] == "true"
    assert f"{wrong['id']}_error" in wrong["aria-describedby"]
    assert "autofocus" in wrong
    assert "<title>Error: Sign up" in html
    assert not User.objects.exists()


@pytest.mark.django_db
def test_closed(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    assert "Sign-up is closed" in client.get(URL).content.decode()
    assert "Sign-up is closed" in client.post(URL, data()).content.decode()
    assert not User.objects.exists()
    assert URL not in client.get("/accounts/login/").content.decode()


def test_does_not_tell_who_has_an_account_when_mail_is_verified(
    client: Client, person: User, settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    known = client.post(URL, data(person.email))
    unknown = Client().post(URL, data("new@example.org"))
    assert known["Location"] == unknown["Location"] == "/accounts/confirm-email/"
    subjects = {message.to[0]: message.subject for message in mail.outbox}
    assert subjects == {
        person.email: "You already have an account",
        "new@example.org": "Confirm your email address",
    }


@pytest.mark.django_db
def test_verified_mail_opens_the_account(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    client.post(URL, data())
    link = mail.outbox[0].body.split(settings.SITE_URL)[1].split()[0]
    assert "Is ada@example.org your email address?" in client.get(link).content.decode()
    client.post(link)
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": PASSWORD})
    assert response["Location"] == "/"


def test_needs_the_csrf_token(person: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    for url in (URL, "/accounts/login/", "/accounts/logout/", "/accounts/password/reset/"):
        assert strict.post(url, data()).status_code == 403
