"""Start the model server in a process of its own."""

import json
import subprocess
import sys
import urllib.request
from types import TracebackType
from typing import Self


class ModelServer:
    """The process of `benchmarks.upstream`: `with ModelServer() as model: model.url`."""

    def __init__(self, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.upstream", *options], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.port = int(json.loads(self.process.stdout.readline())["port"])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def state(self) -> dict[str, float]:
        """Return the server's figures since the last call, see `upstream.Server.state`."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state", timeout=10) as reply:
            state: dict[str, float] = json.load(reply)
            return state

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
