"""A Chromium for the browser tests: the one that is there, else one that is installed now."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from launcher.failure import StartError

NAMES = ("chromium", "google-chrome", "google-chrome-stable", "chrome", "chromium-browser")
MAC_APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYWRIGHT = (sys.executable, "-m", "playwright")
OWN_PATH = (
    "from playwright.sync_api import sync_playwright as s\n"
    "with s() as p: print(p.chromium.executable_path)"
)


def chromium() -> str:
    """The path of a Chromium that starts. Raises StartError when none can be had."""
    if found := find():
        return found
    print("Installing a Chromium for the browser tests", flush=True)
    for command in installers():
        if subprocess.run(command).returncode == 0 and (found := find()):
            return found
    raise StartError(
        "The browser tests need a Chromium and none could be installed: install chromium or "
        "Google Chrome, or set CHROMIUM_PATH to one."
    )


def find() -> str:
    """The first candidate that tells its version; empty when there is none."""
    return next((path for path in candidates() if starts(path)), "")


def candidates() -> Iterator[str]:
    yield os.environ.get("CHROMIUM_PATH", "")
    yield from (shutil.which(name) or "" for name in NAMES)
    yield from MAC_APPLICATIONS
    yield subprocess.run(
        [sys.executable, "-c", OWN_PATH], capture_output=True, text=True
    ).stdout.strip()


def starts(path: str) -> bool:
    """Whether it runs; Ubuntu has a script of this name that only says what to install."""
    if not path or not Path(path).exists():
        return False
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def installers() -> Iterator[list[str]]:
    """Commands to try in turn: Debian's package as root, playwright's own download."""
    root = os.geteuid() == 0
    if root and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        yield ["sh", "-c", "apt-get update -qq && apt-get install -y -qq chromium >/dev/null"]
        yield [*PLAYWRIGHT, "install", "--with-deps", "chromium"]
    yield [*PLAYWRIGHT, "install", "chromium"]
