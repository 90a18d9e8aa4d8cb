"""Folders that the database's user may enter, and processes that end with the test."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from launcher.plan import ROOT
from launcher.postgres import Cluster

DEADLINE_SECONDS = 60.0

Waiter = Callable[[Callable[[], object], str], None]


@pytest.fixture
def wait_for() -> Waiter:
    """Wait until a condition holds; fails with the words given when it never does."""

    def wait(condition: Callable[[], object], words: str) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, words
            time.sleep(0.02)

    return wait


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a space in its name that every user may enter (pytest's own are closed)."""
    path = Path(tempfile.mkdtemp(prefix="a clone "))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def cluster_folder(folder: Path) -> Iterator[Path]:
    """A folder for a cluster; whatever a test left running there is stopped."""
    path = folder / "var" / "postgres"
    yield path
    cluster = Cluster(path, fast=True)
    with suppress(Exception):
        cluster.start()
    cluster.stop()
    if cluster.place != path:
        shutil.rmtree(cluster.place)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start `python -m module arguments` with pipes; killed at the end if still there."""
    begun: list[subprocess.Popen[str]] = []

    def run(
        module: str, *arguments: object, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
            env=os.environ | dict(environment or {}),
        )
        begun.append(process)
        return process

    yield run
    for process in begun:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and was not yet collected does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
