"""Which port is taken, and which address is told."""

import socket
from collections.abc import Mapping
from contextlib import ExitStack

import pytest

from launcher import ports
from launcher.failure import StartError

LOOPBACK = "127.0.0.1"
ANYWHERE = "0.0.0.0"  # noqa: S104


def number(listener: socket.socket) -> int:
    return int(listener.getsockname()[1])


def test_without_a_port_the_next_free_one_is_taken() -> None:
    with ExitStack() as stack:
        first, second = (stack.enter_context(ports.listen(LOOPBACK, "")) for _ in range(2))
        assert ports.FIRST <= number(first) < number(second) < ports.FIRST + ports.TRIES


def test_a_port_that_is_set_and_busy_is_an_error() -> None:
    with ports.listen(LOOPBACK, "") as listener:
        busy = str(number(listener))
        with pytest.raises(StartError, match=f"Port {busy} is already in use: stop the program"):
            ports.listen(LOOPBACK, busy)


def test_a_port_held_on_all_addresses_is_busy_too() -> None:
    with ports.listen(ANYWHERE, "") as listener:
        busy = str(number(listener))
        with pytest.raises(StartError, match="already in use"):
            ports.listen(LOOPBACK, busy)


def test_a_port_can_be_taken_again_at_once() -> None:
    with ports.listen(LOOPBACK, "") as listener:
        freed = number(listener)
        with socket.create_connection((LOOPBACK, freed)):
            listener.accept()[0].close()
    with ports.listen(LOOPBACK, str(freed)) as again:
        assert number(again) == freed


@pytest.mark.parametrize("port", ["eight", "0", "70000", "-1"])
def test_a_port_must_be_a_number(port: str) -> None:
    with pytest.raises(StartError, match="must be a number from 1 to 65535"):
        ports.listen(LOOPBACK, port)


def test_a_host_must_be_an_address_of_this_machine() -> None:
    with pytest.raises(StartError, match="not an address of this machine"):
        ports.listen("203.0.113.7", "8765")


@pytest.mark.parametrize(
    ("host", "environment", "address"),
    [
        ("127.0.0.1", {}, "http://127.0.0.1:8000"),
        ("localhost", {}, "http://localhost:8000"),
        ("::1", {}, "http://[::1]:8000"),
        ("127.0.0.1", {"SITE_URL": "https://chat.example.org/"}, "https://chat.example.org"),
        ("127.0.0.1", {"CODESPACE_NAME": "odd-fox"}, "https://odd-fox-8000.app.github.dev"),
        (
            "127.0.0.1",
            {"CODESPACE_NAME": "fox", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "dev.example"},
            "https://fox-8000.dev.example",
        ),
    ],
)
def test_the_address_to_open(host: str, environment: Mapping[str, str], address: str) -> None:
    assert ports.address(host, 8000, environment) == address


def test_a_wildcard_is_no_address_to_open() -> None:
    assert ANYWHERE not in ports.address(ANYWHERE, 8000, {})
    assert ports.health_url(ANYWHERE, 8000) == "http://127.0.0.1:8000/healthz"
    assert ports.health_url("::", 8000) == "http://[::1]:8000/healthz"
