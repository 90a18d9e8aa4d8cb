"""Start child processes that never outlive their parent, not even after a kill -9."""

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PIPE_VARIABLE = "PARENT_PIPE"
PR_SET_PDEATHSIG = 1  # include/uapi/linux/prctl.h
MAX_FILES = 1_048_576


class Children:
    """Starts Python modules of this project as child processes.

    Each child holds the read end of a pipe, which ends when this process dies.
    """

    def __init__(self) -> None:
        self._read_end, self._write_end = os.pipe()

    def start(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        files: Sequence[int] = (),
        log: IO[bytes] | None = None,
        output: IO[bytes] | None = None,
        gated: bool = False,
    ) -> subprocess.Popen[bytes]:
        """Run `python -m module` in its own session, so that Ctrl-C reaches only this process.

        The module has to call `end_with_parent` first. It inherits the file descriptors `files`;
        `log` receives all its output, `output` only its standard output. A `gated` module gets a
        pipe as standard input, and can wait until the caller closes it.
        """
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            env={**environment, PIPE_VARIABLE: str(self._read_end)},
            stdin=subprocess.PIPE if gated else subprocess.DEVNULL,
            stdout=log or output,
            stderr=subprocess.STDOUT if log else None,
            pass_fds=(self._read_end, *files),
            start_new_session=True,
        )

    def close(self) -> None:
        """Close the pipe: children that still run end at once."""
        os.close(self._write_end)
        os.close(self._read_end)


def end_with_parent() -> None:
    """Kill this process when its parent dies; for modules that `Children` starts.

    The pipe works on every system; Linux's own signal also ends a process that hangs.
    """
    pipe = os.environ.pop(PIPE_VARIABLE, "")
    if not pipe:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_kill_at_end_of, args=(int(pipe),), daemon=True).start()


def _kill_at_end_of(pipe: int) -> None:
    """Wait until the parent's end of the pipe is closed, then kill this process."""
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def raise_file_limit() -> None:
    """Raise the limit of open files, and so of sockets, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    # macOS reports no limit, but refuses more than kern.maxfilesperproc.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Terminate a process, and kill it if it still runs after `seconds`."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(path: Path, count: int) -> str:
    """Return the last `count` lines of a log file, "" if there is no such file."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
