"""Create the virtual environments of the peers, as pinned in `peers/<name>.txt`.

They are created once, in the user's cache folder, under a name that contains a hash of the pins.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"


def cache_folder() -> Path:
    """Return the folder of the environments."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "chat-benchmarks"


def ensure_environment(name: str) -> Path:
    """Return the Python of a peer's environment; create the environment if it does not exist."""
    pins = PEERS / f"{name}.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = cache_folder() / f"{name}-{digest}"
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
    """Return the pinned version of the peer itself."""
    for line in (PEERS / f"{name}.txt").read_text().splitlines():
        if line.startswith(f"{name}=="):
            return line.partition("==")[2].split()[0]
    raise ValueError(f"{name} is not pinned")
