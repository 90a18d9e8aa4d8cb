"""The whole of `make run` on the real application, without the model: starts, faults, stops."""

import os
import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from launcher import locks, ports
from launcher.postgres import Cluster
from launcher.supervisor import STOPPING
from tests.live.launcher.conftest import Waiter, alive

Start = Callable[..., subprocess.Popen[str]]
Runner = Callable[[], "Run"]
# What a developer's own .env may say, put out of force: the process environment wins.
QUIET = dict.fromkeys(
    ("DATABASE_URL", "SITE_URL", "HOST", "LOCAL_MODEL", "INFERENCE_BASE_URL", "REDIS_URL"), ""
) | {"HF_TOKEN": "hf_not_a_token", "DRAIN_SECONDS": "1", "CODESPACE_NAME": ""}


class Run:
    """One `python -m launcher`, read up to the line with its address."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.said = ""
        self.address = ""
        for line in process.stdout or ():
            self.said += line
            if found := re.search(r"Ready: open (\S+)/ ", line):
                self.address = found[1]
                return

    def lines(self, count: int) -> str:
        assert self.process.stdout
        return "".join(self.process.stdout.readline() for _ in range(count))

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"{self.address}{path}", timeout=10) as answer:  # noqa: S310
                return int(answer.status)
        except (urllib.error.URLError, OSError):
            return 0

    def child(self, words: str) -> int:
        """The process id of the child whose command line has `words`; 0 when there is none."""
        children = psutil.Process(self.process.pid).children()
        found = [child.pid for child in children if words in " ".join(command_line(child))]
        return int(found[0]) if found else 0


def command_line(process: psutil.Process) -> list[str]:
    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


@pytest.fixture
def run(folder: Path, cluster_folder: Path, start: Start) -> Runner:
    """Start everything with its data in `folder`, always at the same free port."""
    with ports.listen("127.0.0.1", "") as listener:
        port = str(listener.getsockname()[1])
    settings = QUIET | {"DATA_DIR": str(folder / "var"), "PORT": port}
    return lambda: Run(start("launcher", environment=settings))


def test_it_starts_heals_and_stops(run: Runner, wait_for: Waiter) -> None:
    first = run()
    assert first.address, first.said
    assert first.get("/healthz") == 200
    assert "/accounts/setup/" in first.lines(2)

    second = run()
    second.process.wait()
    assert second.process.returncode == 0
    note = f"The site is already running from this folder: open {first.address}/ (process "
    assert second.said.startswith(note)
    assert second.said.count("\n") == 1

    web, database = first.child("launcher.web"), first.child("/postgres -D")
    os.kill(web, signal.SIGKILL)
    os.kill(database, signal.SIGKILL)
    wait_for(lambda: first.child("launcher.web") not in (0, web), "no new web process")
    wait_for(lambda: first.get("/readyz") == 200, "the database did not come back")

    parts = first.child("launcher.web"), first.child("/postgres -D")
    first.process.send_signal(signal.SIGTERM)
    said = first.process.communicate()[0]
    assert first.process.returncode == 0, said
    assert said.rstrip().endswith("Stopped")
    assert not [pid for pid in parts if alive(pid)]


def test_a_start_waits_for_one_that_is_stopping(cluster_folder: Path, start: Start) -> None:
    """A Codespace's page that is loaded again ends its terminal and attaches at the same moment."""
    data = cluster_folder.parent
    data.mkdir()
    stopping = locks.take(data / "run.lock")
    assert stopping is not None
    stopping.write(STOPPING)
    waiting = start("launcher", environment=QUIET | {"DATA_DIR": str(data), "PORT": ""})
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == "Waiting for the previous run in this folder to stop\n"
    stopping.close()
    assert "Starting the database\n" in waiting.stdout


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"DEBUG": "on"}, "it does not start. DEBUG is on"),
        ({"SECRET_KEY": "short"}, "it does not start. SECRET_KEY is too easy to guess"),
        ({"ALLOWED_HOSTS": "*"}, "it does not start. ALLOWED_HOSTS is *"),
        ({"TRUSTED_PROXIES": "caddy"}, "TRUSTED_PROXIES contains 'caddy'"),
    ],
)
def test_wrong_settings_are_one_line_and_nothing_starts(
    values: dict[str, str], sentence: str, cluster_folder: Path, start: Start
) -> None:
    data = str(cluster_folder.parent)
    public = {"SITE_URL": "https://chat.example.org", "DATA_DIR": data, "PORT": ""}
    refused = start("launcher", environment=QUIET | public | values)
    said = refused.communicate(timeout=60)[0]
    assert refused.returncode == 1
    assert sentence in said
    assert len(said.strip().splitlines()) == 1, said
    assert not cluster_folder.exists()


def test_what_a_kill_leaves_is_taken_over(
    run: Runner, cluster_folder: Path, wait_for: Waiter
) -> None:
    killed = run()
    web, database = killed.child("launcher.web"), killed.child("/postgres -D")
    killed.process.kill()
    again = run()
    assert again.address == killed.address, again.said
    assert again.get("/readyz") == 200
    wait_for(lambda: not alive(web), "the web process outlived its supervisor")
    assert alive(database)
    again.process.send_signal(signal.SIGINT)
    assert again.process.communicate()[0].rstrip().endswith("Stopped")
    assert not Cluster(cluster_folder).alive()
    assert not alive(database)
