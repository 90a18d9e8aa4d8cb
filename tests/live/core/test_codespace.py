"""Forms and sockets through the forwarder of a GitHub Codespace, on a site that really runs.

The forwarder leaves `Host`, or puts localhost there, and may replace `Origin` by
https://localhost:PORT (microsoft/vscode#190177) or http://localhost:PORT (symfony/demo#1542).
"""

import re
import socket
from collections.abc import Iterator
from uuid import uuid4

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.support.people import PASSWORD
from tests.support.site import Site

CODESPACE = "odd-fox"
TOKEN = "x" * 32
PROXY = {"X-Forwarded-Proto": "https"}

FORWARDED = "odd-fox-{port}.app.github.dev"
LOCAL = "localhost:{port}"
OWN_ORIGINS = [f"https://{FORWARDED}", f"https://{LOCAL}", f"http://{LOCAL}"]
FOREIGN_ORIGINS = [
    "https://evil.example",
    "https://localhost:1",
    "https://localhost",
    "https://odd-fox-1.app.github.dev",
    "https://odd-hen-{port}.app.github.dev",
    "http://odd-fox-1.app.github.dev",
    f"https://{LOCAL}.evil.example",
    f"https://{FORWARDED}.evil.example",
    "null",
]


@pytest.fixture(scope="module")
def codespace(site_database: dict[str, str]) -> Iterator[Site]:
    """The site as `make run` starts it in a Codespace."""
    with Site(site_database | {"CODESPACE_NAME": CODESPACE}) as site:
        yield site


@pytest.fixture(scope="module")
def codespace_with_tls(site_database: dict[str, str]) -> Iterator[Site]:
    """There again, believing the forwarder's X-Forwarded-Proto: Django looks at Referer then."""
    values = {"CODESPACE_NAME": CODESPACE, "TRUSTED_PROXIES": "127.0.0.1"}
    with Site(site_database | values) as site:
        yield site


def sign_up(site: Site, **headers: str) -> httpx2.Response:
    """Send the form of a new account with these headers; `{port}` is the site's."""
    sent = {name.replace("_", "-"): filled(site, value) for name, value in headers.items()}
    fields = {"email": f"{uuid4()}@example.org", "password1": PASSWORD, "password2": PASSWORD}
    return httpx2.post(
        f"{site.url}/accounts/signup/",
        data=fields | {"csrfmiddlewaretoken": TOKEN},
        headers=sent | {"Cookie": f"chat_csrf={TOKEN}"},
        timeout=30,
        trust_env=False,
    )


def open_socket(site: Site, host: str, origin: str, session: str) -> int:
    """The status that answers the handshake: 101 when it is accepted."""
    options = {"Cookie": f"chat_session={session}"}
    with socket.create_connection(("127.0.0.1", site.port)) as wire:
        try:
            with connect(
                f"ws://{filled(site, host)}/ws/",
                sock=wire,
                origin=Origin(filled(site, origin)),
                additional_headers=options,
                proxy=None,
            ) as opened:
                return opened.response.status_code if opened.response else 0
        except InvalidStatus as refused:
            return refused.response.status_code


def filled(site: Site, text: str) -> str:
    return text.replace("{port}", str(site.port))


def session_of(answer: httpx2.Response) -> str:
    found = re.search(r"chat_session=(\w+)", ", ".join(answer.headers.get_list("set-cookie")))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("origin", OWN_ORIGINS)
@pytest.mark.parametrize("host", [FORWARDED, LOCAL])
def test_what_the_forwarder_makes_of_the_origin_is_accepted(
    codespace: Site, host: str, origin: str
) -> None:
    answer = sign_up(codespace, Host=host, Origin=origin)
    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert open_socket(codespace, host, origin, session_of(answer)) == 101


@pytest.mark.parametrize("host", [FORWARDED, LOCAL])
def test_foreign_origins_are_refused_in_a_codespace(codespace: Site, host: str) -> None:
    session = session_of(sign_up(codespace, Host=host, Origin=OWN_ORIGINS[0]))
    for origin in FOREIGN_ORIGINS:
        assert sign_up(codespace, Host=host, Origin=origin).status_code == 403, origin
        # 400 is daphne's answer to an origin that is none.
        assert open_socket(codespace, host, origin, session) in (400, 403), origin


@pytest.mark.parametrize("host", [FORWARDED, LOCAL])
def test_without_an_origin_the_referer_counts(codespace_with_tls: Site, host: str) -> None:
    statuses = {
        origin: sign_up(codespace_with_tls, Host=host, Referer=f"{origin}/x", **PROXY).status_code
        for origin in [*OWN_ORIGINS, *FOREIGN_ORIGINS[:-1]]  # none of its pages is called null
    }
    # A page without TLS may not send a form to one with it, whatever its name.
    secure = {origin for origin in OWN_ORIGINS if origin.startswith("https")}
    assert {origin for origin, status in statuses.items() if status == 302} == secure
    assert set(statuses.values()) == {302, 403}


def test_outside_a_codespace_its_origins_are_foreign(site: Site) -> None:
    session = session_of(sign_up(site, Host=LOCAL, Origin=f"http://{LOCAL}"))
    for origin in (f"https://{LOCAL}", f"https://{FORWARDED}"):
        assert sign_up(site, Host=LOCAL, Origin=origin).status_code == 403
        assert open_socket(site, LOCAL, origin, session) == 403
    assert sign_up(site, Host=FORWARDED, Origin=f"http://{LOCAL}").status_code == 400
    assert open_socket(site, LOCAL, f"http://{LOCAL}", session) == 101
