"""A server of the tests' own, in a process that is started and killed with a `with` block."""

import signal
import socket
import subprocess
from types import TracebackType
from typing import Self


class ServerProcess:
    """A server on a free port of this machine; it may be killed and started again there."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """As `kill -9`: it cannot close anything."""
        self.end(signal.SIGKILL)

    def terminate(self) -> None:
        """As a deploy does it: it may drain."""
        self.end(signal.SIGTERM)

    def end(self, how: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=60)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
