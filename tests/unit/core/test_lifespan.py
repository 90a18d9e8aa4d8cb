"""The server tells the application when it starts and before it stops."""

import asyncio
import subprocess
import sys
from typing import Any

import pytest

from core.server.lifespan import Lifespan
from tests.support.server_process import free_port
from tests.support.site import ROOT, START_SECONDS, environment


class Recorder:
    """An application that records the events of its lifespan, and replies with `replies`."""

    def __init__(self, *replies: str) -> None:
        self.replies = replies
        self.events: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        for reply in self.replies:
            self.events.append((await receive())["type"])
            await send({"type": reply})


async def test_an_application_starts_once_and_shuts_down_once() -> None:
    application = Recorder("lifespan.startup.complete", "lifespan.shutdown.complete")
    lifespan = Lifespan(application)
    await lifespan.startup()
    assert application.events == ["lifespan.startup"]
    await lifespan.shutdown()
    await asyncio.sleep(0)
    await lifespan.shutdown()
    assert application.events == ["lifespan.startup", "lifespan.shutdown"]


async def test_one_that_never_started_is_not_shut_down() -> None:
    application = Recorder("lifespan.startup.complete")
    await Lifespan(application).shutdown()
    assert application.events == []


@pytest.mark.parametrize("replies", [(), ("lifespan.startup.failed",)])
async def test_one_that_does_not_start_is_an_error(replies: tuple[str, ...]) -> None:
    with pytest.raises(RuntimeError):
        await Lifespan(Recorder(*replies)).startup()


async def test_its_exception_reaches_the_server() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("no database")

    with pytest.raises(ValueError, match="no database"):
        await Lifespan(broken).startup()


async def refusing(scope: Any, receive: Any, send: Any) -> None:
    """An application that does not start."""
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "not today"})


def test_the_server_ends_with_a_line_if_the_application_does_not_start() -> None:
    options = (f"--port={free_port()}", "tests.unit.core.test_lifespan:refusing")
    ended = subprocess.run(
        [sys.executable, "-m", "core.server.serve", *options],
        cwd=ROOT,
        env=environment(SECRET_KEY="x" * 50),
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
    )
    assert ended.returncode == 1
    assert "the application does not start" in ended.stderr
