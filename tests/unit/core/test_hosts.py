"""Which ports a Host header may name."""

import pytest

from core.web.hosts import allowed_ports, has_allowed_port, split_port
from tests.live.core.test_environment import loaded


@pytest.mark.parametrize(
    ("origins", "hosts", "ports"),
    [
        (["http://127.0.0.1:8000"], [], {"8000"}),
        (["https://chat.example.org"], [], {"8000", "443"}),
        (["http://chat.example.org"], [], {"8000", "80"}),
        (["https://chat.example.org:8443"], ["www.example.org"], {"8000", "8443"}),
        (["https://name-8000.app.github.dev", "http://localhost:8000"], [], {"8000", "443"}),
        (["https://chat.example.org"], ["127.0.0.1:9000", "[::1]:9001"], {"8000", "443"}),
    ],
)
def test_ports_follow_from_the_addresses(
    origins: list[str], hosts: list[str], ports: set[str]
) -> None:
    named = {split_port(host)[1] for host in hosts} - {""}
    assert allowed_ports(8000, origins, hosts) == ports | named


@pytest.mark.parametrize(
    ("entry", "name", "port"),
    [
        ("www.example.org", "www.example.org", ""),
        (".example.org", ".example.org", ""),
        ("*", "*", ""),
        ("127.0.0.1:9000", "127.0.0.1", "9000"),
        ("[::1]:9000", "[::1]", "9000"),
        ("[::1]", "[::1]", ""),
    ],
)
def test_an_allowed_host_may_have_a_port(entry: str, name: str, port: str) -> None:
    assert split_port(entry) == (name, port)


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("", True),
        ("localhost", True),
        ("localhost:8000", True),
        ("[::1]", True),
        ("[::1]:8000", True),
        ("chat_backend", True),
        ("localhost:8001", False),
        ("localhost:08000", False),
        ("localhost:", False),
        ("localhost:x", False),
        ("[::1]:8001", False),
        ("localhost:8000, localhost:8001", False),
        ("localhost:8001,localhost:8000", False),
    ],
)
def test_a_port_is_one_of_them_or_none(host: str, is_allowed: bool) -> None:
    assert has_allowed_port(host, frozenset({"8000", "443"})) is is_allowed


def test_the_settings_take_ports_from_the_environment() -> None:
    done = loaded(
        "print(sorted(s.HOST_PORTS), [name for name in s.ALLOWED_HOSTS if name[0] == 'w'])",
        SITE_URL="https://chat.example.org",
        PORT="8000",
        ALLOWED_HOSTS="www.example.org:9000",
    )
    assert done.stdout.split("\n")[0] == "['443', '8000', '9000'] ['www.example.org']", done.stderr
