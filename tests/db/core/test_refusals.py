"""Pages and sentences for what went wrong before, or in, a view."""

import io
import logging
import re
from collections.abc import Callable, Iterator

import pytest
from django.http import HttpResponse, HttpResponseBase
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.models import ChatModel
from core.logging import SafeFormatter
from core.web.references import BURST, LENGTH, LineBudget, budget
from tests.support.broken_urls import SECRET

pytestmark = pytest.mark.django_db

HEADINGS = {
    "400": "Invalid request",
    "403": "Access denied",
    "404": "Page not found",
    "500": "Something went wrong",
}
SENTENCES = {
    "500": "Something went wrong on our end.",
    "400": "The server could not understand this request.",
    "404": "This page does not exist, or you have no access to it.",
}


@pytest.fixture
def broken(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.support.broken_urls"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", ["400", "403", "404", "500"])
def test_a_failure_is_a_page_of_ours_under_the_policy(broken: Client, kind: str) -> None:
    response = broken.get(f"/fail/{kind}/" if kind != "404" else "/nowhere/")
    html = response.content.decode()
    assert response.status_code == int(kind)
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert f"<h1>{HEADINGS[kind]}</h1>" in html
    assert SENTENCES.get(kind, "") in html
    assert SECRET not in html
    assert "Traceback" not in html
    assert "style=" not in html


@pytest.mark.parametrize("kind", ["400", "404", "500"])
def test_a_page_in_use_is_told_in_its_notice(broken: Client, kind: str) -> None:
    path = f"/fail/{kind}/" if kind != "404" else "/nowhere/"
    response = broken.get(path, headers={"HX-Request": "true"})
    html = response.content.decode()
    assert response.status_code == int(kind)
    assert (response["HX-Retarget"], response["HX-Reswap"]) == ("#composer-notice", "innerHTML")
    assert SENTENCES[kind] in html
    assert "<html" not in html


def test_what_went_wrong_is_logged_without_its_words(
    broken: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    broken.get("/fail/500/")
    assert SECRET not in capsys.readouterr().err


# References
@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """What is logged, as the site's own handler writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter("{levelname} {name} {message}", style="{"))
    names = ("", "django", "django.request", "django.security")
    loggers = [logging.getLogger(name) for name in names]
    budget.left = BURST
    for logger in loggers:
        logger.addHandler(handler)
    yield stream.getvalue
    for logger in loggers:
        logger.removeHandler(handler)


def reference_in(response: HttpResponseBase) -> str:
    """The one of the header, which the page shows too."""
    reference = response["X-Request-ID"]
    assert len(reference) == LENGTH
    assert isinstance(response, HttpResponse)
    shown = re.findall(r"<code>(\w+)</code>", response.content.decode())
    assert shown == [reference]
    return reference


REFUSED = {
    "400": lambda client, **more: client.get("/fail/400/", **more),
    "403": lambda client, **more: client.get("/fail/403/", **more),
    "404": lambda client, **more: client.get("/nowhere/", **more),
    "500": lambda client, **more: client.get("/fail/500/", **more),
    "host": lambda client, **more: client.get(
        "/", headers={**more.pop("headers", {}), "host": "localhost:20000"}
    ),
    "csrf": lambda client, **more: client.post("/accounts/logout/", **more),
}


@pytest.mark.parametrize("part", [False, True], ids=["page", "part"])
@pytest.mark.parametrize("kind", REFUSED)
def test_a_page_and_its_log_line_name_the_same_reference(
    settings: Settings, log: Callable[[], str], kind: str, part: bool
) -> None:
    settings.ROOT_URLCONF = "tests.support.broken_urls"
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    response = REFUSED[kind](client, headers={"HX-Request": "true"} if part else {})
    reference = reference_in(response)
    lines = [line for line in log().splitlines() if reference in line]
    # The root's handler hears what a logger below it passes on.
    assert len(set(lines)) == 1
    assert SECRET not in lines[0] or kind == "400"


def test_each_request_has_a_reference_of_its_own(broken: Client, log: Callable[[], str]) -> None:
    assert len({reference_in(broken.get("/nowhere/")) for _ in range(5)}) == 5


def test_the_line_names_a_route_and_no_secret_of_a_link(
    client: Client, log: Callable[[], str]
) -> None:
    client.get("/accounts/setup/a-secret-token/")
    client.get("/admin/nothing/")
    client.get("/a-secret-path/")
    assert "secret" not in log()


def test_an_operator_finds_the_refusal_of_a_command(
    owner: User, owner_client: Client, log: Callable[[], str]
) -> None:
    """No model answers: only an administrator can mend that."""
    form = {"client_id": "01900000-0000-7000-8000-000000000000", "text": "Hello?"}
    ChatModel.objects.update(enabled=False, is_default=False)
    response = owner_client.post("/c/", form, headers={"HX-Request": "true"})
    assert response.status_code == 503
    assert f"c/ refused with 503 not_configured, reference {reference_in(response)}" in log()


def test_a_refusal_that_is_the_persons_own_has_no_reference(
    owner_client: Client, log: Callable[[], str]
) -> None:
    form = {"client_id": "01900000-0000-7000-8000-000000000000", "text": " "}
    response = owner_client.post("/c/", form, headers={"HX-Request": "true"})
    assert (response.status_code, "X-Request-ID" in response) == (400, False)
    assert "refused" not in log()


def test_strangers_cannot_fill_the_log(broken: Client, log: Callable[[], str]) -> None:
    budget.left = 5
    requests = 0
    while "X-Request-ID" in broken.get("/nowhere/"):
        requests += 1
        assert requests < BURST
    assert len(set(log().splitlines())) == requests
    lines = LineBudget(burst=3, rate=0)
    assert [lines.take() for _ in range(4)] == [True, True, True, False]
