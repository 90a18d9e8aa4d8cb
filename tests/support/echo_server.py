"""A real server in front of the application `tests.support.echo`."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.support.server_process import free_port
from tests.support.site import ROOT, START_SECONDS, environment


@contextmanager
def echo_server(values: dict[str, str], *options: str) -> Iterator[int]:
    """Run the server with this environment, and yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "core.server.serve", "--bind=127.0.0.1", f"--port={port}"]
    with subprocess.Popen(
        [*command, *options, "tests.support.echo:application"],
        cwd=ROOT,
        env=environment(**values),
        stderr=subprocess.DEVNULL,
    ) as process:
        wait_for(port)
        yield port
        process.kill()


def wait_for(port: int) -> None:
    """Wait until something accepts connections on the port."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("the server did not start")
