"""Pages and sentences for what went wrong before, or in, a view."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.config.broken_urls import SECRET

pytestmark = pytest.mark.django_db

SENTENCES = {
    "500": "Something went wrong on our side.",
    "400": "The server could not understand this request.",
    "404": "There is nothing here, or it is not yours.",
}


@pytest.fixture
def broken(settings: Settings) -> Client:
    settings.ROOT_URLCONF = "tests.config.broken_urls"
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("kind", ["400", "403", "404", "500"])
def test_a_failure_is_a_page_of_ours_under_the_policy(broken: Client, kind: str) -> None:
    response = broken.get(f"/fail/{kind}/" if kind != "404" else "/nowhere/")
    html = response.content.decode()
    assert response.status_code == int(kind)
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "<h1>" in html
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
