import re

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.support.accounts import PASSWORD

PEOPLE = "/admin/accounts/user/"


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root@example.org", PASSWORD))
    return client


def test_finds_people_by_email(operator: Client, person: User) -> None:
    html = operator.get(f"{PEOPLE}?q=ADA").content.decode()
    assert person.email in html
    assert "root@example.org" not in html.split('id="result_list"')[1]


def test_adds_a_person_who_can_sign_in_at_once(operator: Client, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    data = {"email": "Grace@Example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert operator.post(f"{PEOPLE}add/", data).status_code == 302
    answer = Client().post("/accounts/login/", {"login": "grace@example.org", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_an_address_is_one_person(operator: Client, person: User) -> None:
    data = {"email": "ADA@example.org", "password1": PASSWORD, "password2": PASSWORD}
    html = operator.post(f"{PEOPLE}add/", data).content.decode()
    assert "A user with this email address already exists." in html


def test_a_changed_address_is_the_one_that_signs_in(operator: Client, person: User) -> None:
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=True)
    data = {"email": "ada@new.example", "is_active": "on"}
    assert operator.post(f"{PEOPLE}{person.pk}/change/", data).status_code == 302
    main = EmailAddress.objects.get(user=person, primary=True)
    assert (main.email, main.verified) == ("ada@new.example", True)


def test_switches_a_person_off(operator: Client, person: User) -> None:
    operator.post(f"{PEOPLE}{person.pk}/change/", {"email": person.email})
    person.refresh_from_db()
    assert not person.is_active


def test_shows_no_password_hash(operator: Client, person: User) -> None:
    html = operator.get(f"{PEOPLE}{person.pk}/change/").content.decode()
    assert person.password not in html
    assert "Reset password" in html


def test_is_not_for_others(signed_in: Client, client: Client, person: User) -> None:
    assert signed_in.get(PEOPLE, follow=True).status_code == 403
    visitor = Client().get(PEOPLE, follow=True)
    assert visitor.redirect_chain[-1][0].startswith("/accounts/login/?next=")


def headings(html: str) -> list[str]:
    return re.findall(r"<(?:h2|summary)[^>]*>\s*([^<]+?)\s*</", html)


def test_the_index_is_grouped_by_purpose(operator: Client) -> None:
    html = operator.get("/admin/").content.decode()
    assert headings(html) == ["Prompts", "Models", "People", "More"]
    people, more = html.split("People</h2>")[1].split("<summary>More")
    assert re.findall(r">(Users|Groups|Email addresses)<", people) == ["Users", "Groups"]
    assert "Email addresses" in more


def test_the_index_lists_what_the_operator_changed(operator: Client) -> None:
    assert "Your last changes" not in operator.get("/admin/").content.decode()
    operator.post("/admin/auth/group/add/", {"name": "Helpdesk <1>"})
    html = operator.get("/admin/").content.decode()
    assert "Your last changes" in html
    assert "Helpdesk &lt;1&gt;" in html


def test_who_may_change_nothing_is_told(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_staff=True)
    client = Client()
    client.force_login(person)
    html = client.get("/admin/").content.decode()
    assert "Ask an administrator" in html
    assert headings(html) == []
