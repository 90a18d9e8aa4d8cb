"""What a running PostgreSQL says about itself in `postmaster.pid`.

Format: src/include/utils/pidfile.h of PostgreSQL: one value a line; here the process id (1), the
folder of the socket (5) and the status (8: starting, stopping, ready).
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A server that is alive; `status` is empty in the first moments of its life."""

    pid: int
    socket_folder: str
    status: str


def running(data: Path) -> Postmaster | None:
    """The live server of the folder `data`; None when the file is missing or stale."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if not lines or not lines[0].strip("- ").isdigit():
        return None
    pid = abs(int(lines[0]))
    if not serves(pid, data):
        return None
    lines += [""] * 8
    return Postmaster(pid, lines[4].strip(), lines[7].strip())


def remove_stale(data: Path) -> None:
    """Remove a file whose process is gone, or is a stranger with the same number."""
    if running(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, data: Path) -> bool:
    """Whether `pid` is a PostgreSQL started on `data` (a zombie has no command line)."""
    return f"/postgres -D {data} " in command_line(pid)


def command_line(pid: int) -> str:
    """The command line of a process, words joined by spaces; empty when there is none."""
    if os.path.isdir("/proc/self"):
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
    ).stdout
