"""Nothing that one person sends with a request is on another person's pages."""

import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from tests.fake_llm import UpstreamThread, answer
from tests.support.people import Person, signed_up
from tests.support.site import ROOT, START_SECONDS, Site, environment

MARK = "zzforeignzz"
FOREIGN = f"https://{MARK}.example.net"
# Names that some server, proxy, framework or extension gives a meaning to.
HEADERS = (
    *("Daphne-Root-Path", "Script-Name", "X-Script-Name", "X-Forwarded-Prefix", "X-Forwarded-Path"),
    *("X-Forwarded-Host", "X-Forwarded-Server", "X-Forwarded-Proto", "X-Forwarded-Protocol"),
    *("X-Forwarded-Scheme", "X-Forwarded-Ssl", "X-Forwarded-Port", "X-Forwarded-For", "Forwarded"),
    *("X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-User", "X-Forwarded-Email"),
    *("X-Original-Url", "X-Original-Host", "X-Original-Uri", "X-Rewrite-Url", "X-Host", "X-Scheme"),
    *("X-Url-Scheme", "Front-End-Https", "X-Real-Ip", "True-Client-Ip", "Client-Ip", "X-Client-Ip"),
    *("Remote-User", "X-Remote-User", "Authorization", "Proxy-Authorization", "Base-Url", "Via"),
    *("X-Requested-With", "X-Http-Method-Override", "X-Http-Method", "X-Method-Override"),
    *("Hx-Current-Url", "Hx-Boosted", "Hx-Target", "Hx-Trigger", "Hx-Prompt", "Hx-Ptag"),
    *("Referer", "User-Agent", "From", "If-None-Match"),
)
LANGUAGES = ("en", "de", "fr")


@pytest.fixture(scope="module")
def cold_site(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    """A process that has rendered nothing yet."""
    with Site(site_database | {"INFERENCE_BASE_URL": upstream_server.base_url}) as site:
        yield site


@pytest.fixture
def new_person(
    cold_site: Site, upstream: UpstreamThread
) -> Iterator[Callable[[], tuple[Person, UUID]]]:
    """Makes people with one answered question each."""
    people: list[Person] = []

    def make() -> tuple[Person, UUID]:
        person = signed_up(cold_site.url, f"{uuid4().hex}@pages.example.org")
        people.append(person)
        upstream.script(answer("Light scatters in air."))
        key = person.start("Why is the sky blue?")
        with person.socket(key) as page:
            page.until_status("complete")
        return person, key

    yield make
    for person in people:
        person.http.close()


def pages_of(person: Person, key: UUID) -> list[str]:
    """Twenty addresses, the person's own and everybody's."""
    message = re.findall(r'data-message-id="([^"]*)" data-role="assistant"', person.page(key))[-1]
    before = f"before=2100-01-01T00:00:00%2B00:00_{'0' * 32}"
    return [
        *("/", f"/c/{key}/", f"/c/{key}/?m={message}", f"/c/{key}/?q=sky&n=20"),
        *(f"/c/{key}/before/{message}/", f"/rows/?{before}", f"/rows/?{before}&group=today"),
        *("/search/", "/search/?q=sky", "/search/?q=light&n=40", "/search/?q=%22blue%22"),
        *(f"/m/{message}/about/", f"/m/{message}/source/", "/accounts/email/"),
        *("/accounts/password/change/", "/accounts/logout/", "/nothing/", f"/c/{uuid4()}/"),
        *("/accounts/login/", "/admin/"),
    ]


def read(person: Person, path: str, language: str, headers: dict[str, str]) -> str:
    """Head and body of one answer, whatever its status."""
    found = person.http.get(path, headers={"Accept-Language": language} | headers)
    assert found.status_code < 500, (path, headers)
    return f"{found.headers}\n{found.text}"


def addresses(html: str) -> list[str]:
    """Every address in the markup that a browser would follow, post to or connect to."""
    names = "href|action|src|hx-get|hx-post|hx-ws:connect|data-draft"
    return re.findall(rf'\s(?:{names})="([^"]*)"', html)


def is_own(address: str, url: str) -> bool:
    return not address.startswith("//") and address.startswith(
        ("/", "#", "?", url, "https://github")
    )


def test_a_foreign_root_path_moves_nobodys_addresses(
    cold_site: Site, new_person: Callable[[], tuple[Person, UUID]]
) -> None:
    """One request with a foreign address and a language that nobody has used yet."""
    attacker, key = new_person()
    victim, other = new_person()
    read(attacker, "/", "fr", {"Daphne-Root-Path": FOREIGN})
    read(attacker, f"/c/{key}/", "fr", {"Daphne-Root-Path": FOREIGN})
    for path in ("/", f"/c/{other}/"):
        html = read(victim, path, "fr", {})
        assert MARK not in html
        assert all(is_own(address, cold_site.url) for address in addresses(html))


def test_no_header_of_one_person_is_on_the_pages_of_another(
    new_person: Callable[[], tuple[Person, UUID]],
) -> None:
    assert len(set(HEADERS)) >= 50
    (first, mine), (second, theirs) = new_person(), new_person()
    paths, others = pages_of(first, mine), pages_of(second, theirs)
    assert len(paths) == len(others) == 20
    languages = cycle(LANGUAGES)
    for name in HEADERS:
        language = next(languages)
        for path, other in zip(paths, others, strict=True):
            read(first, path, language, {name: FOREIGN})
            html = read(second, other, language, {})
            assert MARK not in html, (name, other)
            assert mine.hex not in html, (name, other)
            assert str(mine) not in html, (name, other)
            assert first.email not in html, (name, other)


def test_who_connects_before_the_start_is_filtered_too(
    site_database: dict[str, str], tmp_path: Path
) -> None:
    """`make run` opens the port first: connections wait in it until there is a process."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        host, number = port.getsockname()
        with socket.create_connection((host, number), START_SECONDS) as early:
            early.sendall(
                f"GET /accounts/login/ HTTP/1.1\r\nHost: {host}:{number}\r\nConnection: close\r\n"
                f"Daphne-Root-Path: {FOREIGN}\r\n\r\n".encode()
            )
            with served(port, site_database, tmp_path / "log"):
                html = b"".join(iter(lambda: early.recv(65536), b"")).decode()
    assert html.startswith("HTTP/1.1 200 "), html
    assert MARK not in html


@contextmanager
def served(port: socket.socket, values: dict[str, str], log: Path) -> Iterator[None]:
    """A web process on a port that is open already."""
    command = ["-m", "core.server.serve", f"--fd={port.fileno()}", "config.asgi:application"]
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment(**values, PORT=str(port.getsockname()[1])),
            stdout=output,
            stderr=output,
            pass_fds=[port.fileno()],
        ) as process,
    ):
        try:
            yield
        finally:
            process.kill()
