"""Read `postmaster.pid`, the file in which a running PostgreSQL describes itself.

The format is in src/include/utils/pidfile.h of PostgreSQL: one value a line. We use the process id
(line 1), the folder of the socket (5) and the status (8: starting, stopping, ready).
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Postmaster:
    """A running server; `status` is empty for the first moments after its start."""

    pid: int
    socket_folder: str
    status: str


def running(data: Path) -> Postmaster | None:
    """Return the running server of the folder `data`; None if the file is missing or stale."""
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
    """Remove the file if its process has ended, or its number now belongs to another process."""
    if running(data) is None:
        (data / "postmaster.pid").unlink(missing_ok=True)


def serves(pid: int, data: Path) -> bool:
    """Return whether process `pid` is a PostgreSQL server of `data`; a zombie is none."""
    return f"/postgres -D {data} " in command_line(pid)


def command_line(pid: int) -> str:
    """Return the command line of a process, joined by spaces; "" if there is no process."""
    if os.path.isdir("/proc/self"):
        try:
            return os.fsdecode(Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" "))
        except (FileNotFoundError, ProcessLookupError):
            return ""
    return subprocess.run(
        ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True
    ).stdout
