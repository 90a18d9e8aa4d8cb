"""Virtual environments of the peers, each with exactly what `peers/<name>.txt` pins.

They lie in the user's cache folder, named by what they hold, and are made once.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chat-benchmarks"


def environment(name: str) -> Path:
    """The Python of a peer's environment, made if it is not there."""
    pins = PEERS / f"{name}.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache() / f"{name}-{digest}"
    python = folder / "bin" / "python"
    ready = folder / "ready"
    if not ready.exists():
        print(f"installing {name} into {folder}", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
        subprocess.run(
            [str(python), "-m", "pip", "install", *quiet, "-r", str(pins)],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        ready.touch()
    return python


def version(name: str) -> str:
    """The pinned version of the peer itself."""
    for line in (PEERS / f"{name}.txt").read_text().splitlines():
        if line.startswith(f"{name}=="):
            return line.partition("==")[2].split()[0]
    raise ValueError(f"{name} is not pinned")
