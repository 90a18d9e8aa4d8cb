import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.db.models import F
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts import initial_admin
from accounts.models import SetupLink, User
from tests.support.accounts import PASSWORD, Controls
from tests.support.polling import wait_for_blocked

pytestmark = pytest.mark.django_db

FIRST_STEPS = "/admin/start/"


def printed() -> str:
    out = StringIO()
    call_command("setup_link", stdout=out)
    return out.getvalue()


def fresh(settings: Settings) -> str:
    """The path of a new link."""
    return initial_admin.create_link().removeprefix(settings.SITE_URL)


def post(client: Client, link: str, email: str = "root@example.org") -> HttpResponse:
    data = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return client.post(link, data)  # type: ignore[return-value]


def test_prints_a_sentence_and_an_absolute_link(settings: Settings) -> None:
    settings.SITE_URL = "https://chat.example.org"
    found = re.fullmatch(
        r"There is no administrator yet\. .*\n(https://chat\.example\.org/accounts/setup/\S+/)\n",
        printed(),
    )
    assert found
    assert not SetupLink.objects.filter(token_hash__in=found[1]).exists()


def test_prints_nothing_once_there_is_an_active_administrator() -> None:
    root = User.objects.create_superuser("root@example.org", PASSWORD)
    assert printed() == ""
    root.is_active = False
    root.save()
    assert "/accounts/setup/" in printed()


def test_makes_the_administrator_and_signs_in(client: Client, settings: Settings) -> None:
    link = fresh(settings)
    page = Controls(client.get(link).content.decode())
    assert list(page.labels) == ["Email", "Password", "Confirm password"]
    assert "Create account" in page.buttons
    response = post(client, link, "Root@Example.org")
    assert response["Location"] == FIRST_STEPS
    root = User.objects.get()
    assert (root.email, root.is_staff, root.is_superuser) == ("root@example.org", True, True)
    assert client.session["_auth_user_id"] == str(root.pk)
    notices = client.get("/accounts/password/change/").content.decode()
    assert "You are now the administrator." in notices
    assert client.get("/admin/").status_code == 200


def test_signs_in_again_where_mail_must_be_verified(client: Client, settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    post(client, fresh(settings))
    answer = Client().post("/accounts/login/", {"login": "root@example.org", "password": PASSWORD})
    assert answer["Location"] == "/"


def test_works_once(client: Client, settings: Settings) -> None:
    link = fresh(settings)
    post(client, link)
    User.objects.update(is_active=False)
    for response in (Client().get(link), post(Client(), link, "eve@example.org")):
        assert response.status_code == 404
        assert "This link doesn't work" in response.content.decode()
    assert User.objects.count() == 1


def test_a_newer_link_takes_its_place(client: Client, settings: Settings) -> None:
    old, new = fresh(settings), fresh(settings)
    assert (client.get(old).status_code, client.get(new).status_code) == (404, 200)


def test_expires_by_the_clock_of_the_database(client: Client, settings: Settings) -> None:
    link = fresh(settings)
    SetupLink.objects.update(expires=F("expires") - initial_admin.LIFETIME + timedelta(seconds=60))
    assert client.get(link).status_code == 200
    SetupLink.objects.update(expires=F("expires") - timedelta(seconds=61))
    assert client.get(link).status_code == 404
    assert post(client, link).status_code == 404


def test_ends_when_an_administrator_came_another_way(client: Client, settings: Settings) -> None:
    link = fresh(settings)
    User.objects.create_superuser("first@example.org", PASSWORD)
    assert post(client, link).status_code == 404
    assert User.objects.count() == 1


@pytest.mark.parametrize("token", ["x", "é", "a" * 500, "%00"])
def test_an_unknown_link_is_a_page_with_a_sentence(client: Client, token: str) -> None:
    response = client.get(f"/accounts/setup/{token}/")
    assert response.status_code == 404
    assert "the server prints a new link each time it starts" in response.content.decode()


def test_does_not_take_over_an_account(client: Client, person: User, settings: Settings) -> None:
    link = fresh(settings)
    response = post(client, link, "ADA@example.org")
    assert "Sign in with it first." in response.content.decode()
    person.refresh_from_db()
    assert not person.is_superuser
    assert client.get(link).status_code == 200


def test_the_signed_in_person_may_become_the_administrator(
    signed_in: Client, person: User, settings: Settings
) -> None:
    assert post(signed_in, fresh(settings), person.email)["Location"] == FIRST_STEPS
    person.refresh_from_db()
    assert person.is_superuser
    assert person.is_staff
    assert person.check_password(PASSWORD)
    assert signed_in.get("/admin/").status_code == 200


def test_looks_again_after_the_row_is_taken(settings: Settings) -> None:
    token = fresh(settings).split("/")[-2]
    User.objects.create_superuser("first@example.org", PASSWORD)
    assert initial_admin.create_administrator(token, "root@example.org", PASSWORD, None) is None


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_administrator(settings: Settings) -> None:
    link = fresh(settings)

    def click(email: str) -> int:
        try:
            return post(Client(), link, email).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        # Nobody can be added while both are on their way, so both have passed every check.
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_user IN SHARE MODE")
            clicks = [pool.submit(click, email) for email in ("a@example.org", "b@example.org")]
            wait_for_blocked(2)
        codes = sorted(done.result(timeout=10) for done in clicks)
    assert codes == [302, 404]
    assert User.objects.filter(is_superuser=True).count() == User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_end_with_one_link(settings: Settings) -> None:
    start = Barrier(4)

    def print_link(_: int) -> str:
        try:
            start.wait(timeout=10)
            return fresh(settings)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        links = list(pool.map(print_link, range(4)))
    codes = [Client().get(link).status_code for link in links]
    assert sorted(codes) == [200, 404, 404, 404]


def test_links_are_not_tried_without_end(client: Client) -> None:
    """By one address, whatever the host: the token is not to be guessed anyway."""
    hosts = ("localhost", "127.0.0.1")
    answers = [
        client.post("/accounts/setup/wrong/", headers={"host": hosts[number % 2]}).status_code
        for number in range(21)
    ]
    assert answers == [404] * 20 + [429]
