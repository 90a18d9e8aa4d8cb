"""Hosts and origins follow from one address."""

from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.http.request import split_domain_port, validate_host
from django.test import Client
from pytest_django.fixtures import Settings

from core.web.site import Site, proxies_from_env, site_from_env

FORWARDED = "https://name-8000.app.github.dev"


def site(url: str = "", **values: Any) -> Site:
    plain: dict[str, Any] = {
        "host": "127.0.0.1",
        "port": 8000,
        "extra_hosts": [],
        "extra_origins": [],
        "codespace": "",
        "codespace_domain": "app.github.dev",
    }
    return site_from_env(site_url=url, **plain | values)


def takes(found: Site, host: str) -> bool:
    return validate_host(split_domain_port(host)[0], list(found.hosts))


def test_on_ones_own_machine() -> None:
    found = site()
    assert (found.url, found.secure, found.private) == ("http://127.0.0.1:8000", False, True)
    for name in ("localhost", "127.0.0.1", "[::1]"):
        assert takes(found, f"{name}:8000")
        assert f"http://{name}:8000" in found.origins
    assert not takes(found, "chat.example.org")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),  # noqa: S104
        ("::", "http://127.0.0.1:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.168.1.7", "http://192.168.1.7:8000"),
    ],
)
def test_the_address_of_a_bound_host(host: str, url: str) -> None:
    assert site(host=host).url == url


def test_a_public_address() -> None:
    found = site("https://chat.example.org/")
    assert (found.url, found.hostname) == ("https://chat.example.org", "chat.example.org")
    assert (found.secure, found.private) == (True, False)
    assert found.origins == ("https://chat.example.org",)
    assert takes(found, "chat.example.org")
    assert takes(found, "localhost:8000")


def test_additions() -> None:
    found = site(
        "https://chat.example.org",
        extra_hosts=["www.example.org"],
        extra_origins=["https://www.example.org"],
    )
    assert takes(found, "www.example.org")
    assert found.origins == ("https://chat.example.org", "https://www.example.org")


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("https://Chat.Example.ORG", "https://chat.example.org", "chat.example.org"),
        ("https://chat.example.org:443", "https://chat.example.org", "chat.example.org"),
        ("http://chat.example.org:80", "http://chat.example.org", "chat.example.org"),
        ("https://chat.example.org:8443", "https://chat.example.org:8443", "chat.example.org:8443"),
        ("http://[2001:db8::7]:8000", "http://[2001:db8::7]:8000", "[2001:db8::7]:8000"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url: str, origin: str, host: str) -> None:
    found = site(url)
    assert found.origins == (origin,)
    assert takes(found, host)


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.org",
        "chat.example.org:443",
        "//chat.example.org",
        "ftp://chat.example.org",
        "https://",
        "https://chat.example.org/chat",
        "https://chat.example.org?x=1",
        "https://chat.example.org#top",
        "https://chat.example.org:port",
        "https://chat.example.org:99999",
        "https://ada:secret@chat.example.org",
        "https://[::1",
    ],
)
def test_an_unusable_address_is_said_plainly(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="It must look like https://chat"):
        site(url)


def test_proxies_are_addresses_and_networks() -> None:
    entries = ["10.0.0.2", " 10.0.0.0/8 ", "10.0.0.7/8", "::1", "2001:db8::/32", ""]
    assert proxies_from_env(entries) == [entry.strip() for entry in entries if entry]


@pytest.mark.parametrize("entry", ["caddy", "10.0.0.0/33", "10.0.0.2:80", "10.0.0.1-9", "*"])
def test_a_proxy_that_is_none_is_said_plainly(entry: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="Each entry must be an address such as"):
        proxies_from_env(["10.0.0.0/8", entry])


# Codespaces
def test_in_a_codespace() -> None:
    found = site(codespace="name")
    assert (found.url, found.secure, found.private) == (FORWARDED, True, True)
    assert takes(found, "localhost:8000")
    assert takes(found, "name-8000.app.github.dev")
    assert not takes(found, "other-8000.app.github.dev")
    assert FORWARDED in found.origins
    assert "https://other-8000.app.github.dev" not in found.origins


def test_an_address_of_ones_own_is_public_in_a_codespace_too() -> None:
    found = site("https://chat.example.org", codespace="name")
    assert (found.url, found.private) == ("https://chat.example.org", False)
    assert FORWARDED in found.origins


def test_the_origin_that_the_forwarder_puts_there_counts_only_in_a_codespace() -> None:
    assert "https://localhost:8000" in site(codespace="name").origins
    assert "https://localhost:8000" not in site().origins
    assert "https://localhost:8000" not in site("https://chat.example.org").origins


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("localhost:8000", FORWARDED, 302),
        ("name-8000.app.github.dev", FORWARDED, 302),
        ("localhost:8000", "http://localhost:8000", 302),
        ("localhost:8000", "https://localhost:8000", 302),
        ("name-8000.app.github.dev", "https://localhost:8000", 302),
        ("127.0.0.1:8000", "http://127.0.0.1:8000", 302),
        ("localhost:8000", "https://other-8000.app.github.dev", 403),
        ("localhost:8000", "https://name-9000.app.github.dev", 403),
        ("localhost:8000", "http://name-8000.app.github.dev", 403),
        ("localhost:8000", "null", 403),
        ("other-8000.app.github.dev", FORWARDED, 400),
    ],
)
def test_posts_through_the_proxy_of_a_codespace(
    settings: Settings, host: str, origin: str, status: int
) -> None:
    found = site(codespace="name")
    settings.ALLOWED_HOSTS = list(found.hosts)
    settings.CSRF_TRUSTED_ORIGINS = list(found.origins)
    client = Client(enforce_csrf_checks=True, headers={"host": host})
    client.cookies["chat_csrf"] = "x" * 32
    headers = {"origin": origin, "x-csrftoken": "x" * 32}
    assert client.post("/accounts/logout/", headers=headers).status_code == status
