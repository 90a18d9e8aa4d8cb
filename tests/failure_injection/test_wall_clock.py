"""Somebody sets the wall clock of the machine while pages are open."""

import ast
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from core.server.clock import MEASURING
from tests.support.echo_server import echo_server
from tests.support.site import ROOT

HOUR, DAYS_400 = 3600.0, 400 * 86400.0
PING = b"\x89"
# Between pings; the server looks every two seconds.
INTERVAL = 1


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """Seconds by which the server's wall clock is off."""
    file = tmp_path / "offset"
    file.write_text("0")
    return file


@pytest.fixture
def port(site_database: dict[str, str], clock: Path) -> Iterator[int]:
    """A real server whose pings come often; any page may connect."""
    shifted = {"PYTHONPATH": f"{ROOT / 'tests/support/shifted'}", "CLOCK_OFFSET_FILE": str(clock)}
    options = (f"--ping-interval={INTERVAL}", "--ping-timeout=120")
    with echo_server(site_database | shifted, *options) as port:
        yield port


def opened(port: int) -> socket.socket:
    """A websocket by hand, of which pings are read and never answered."""
    wire = socket.create_connection(("127.0.0.1", port), 10)
    wire.sendall(
        f"GET /ws/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    return wire


def pings(wire: socket.socket, count: int, seconds: float = 15.0) -> int:
    """How many pings come until there are `count`, or the time is over, or the server closes."""
    until, found = time.monotonic() + seconds, 0
    while found < count and (left := until - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            data = wire.recv(65536)
        except TimeoutError:
            break
        if not data:
            break
        found += data.count(PING)
    return found


@pytest.mark.parametrize("shift", [-HOUR, DAYS_400, -DAYS_400])
def test_pings_go_on_and_sockets_stay(port: int, clock: Path, shift: float) -> None:
    with closing(opened(port)) as wire:
        assert pings(wire, 1) >= 1
        clock.write_text(str(shift))
        assert pings(wire, 4) >= 4
        with closing(opened(port)) as another:
            assert pings(another, 2) >= 2


@pytest.mark.parametrize("name", MEASURING)
def test_daphne_asks_the_time_only_to_measure(name: str) -> None:
    """Else it would be told the seconds since the start where it means a date."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    tree = ast.parse(Path(spec.origin).read_text())
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "time"
    }
    assert used == {"time"}
