"""Find a Chromium for the browser tests, or install one."""

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
    """Return the path of a Chromium that runs; raises StartError if none can be installed."""
    if path := find():
        return path
    print("Installing Chromium for the browser tests", flush=True)
    for command in installers():
        if subprocess.run(command).returncode == 0 and (path := find()):
            return path
    raise StartError(
        "The browser tests need Chromium, and it could not be installed: install Chromium or "
        "Google Chrome, or set CHROMIUM_PATH."
    )


def find() -> str:
    """Return the first candidate that runs, "" if there is none."""
    return next((path for path in candidates() if starts(path)), "")


def candidates() -> Iterator[str]:
    """Yield paths that may be a Chromium; some are empty or do not exist."""
    yield os.environ.get("CHROMIUM_PATH", "")
    yield from (shutil.which(name) or "" for name in NAMES)
    yield from MAC_APPLICATIONS
    yield subprocess.run(
        [sys.executable, "-c", OWN_PATH], capture_output=True, text=True
    ).stdout.strip()


def starts(path: str) -> bool:
    """Return whether the program runs; Ubuntu's script only suggests a package."""
    if not path or not Path(path).exists():
        return False
    try:
        process = subprocess.run([path, "--version"], capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return process.returncode == 0


def installers() -> Iterator[list[str]]:
    """Yield commands to try in turn: Debian's package as root, playwright's own download."""
    is_root = os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        os.environ["DEBIAN_FRONTEND"] = "noninteractive"
        yield ["sh", "-c", "apt-get update -qq && apt-get install -y -qq chromium >/dev/null"]
        yield [*PLAYWRIGHT, "install", "--with-deps", "chromium"]
    yield [*PLAYWRIGHT, "install", "chromium"]
