"""Child processes that never outlive their parent, not even after a kill -9."""

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
MOST_FILES = 1_048_576


class Children:
    """Starts Python modules of this project. A pipe tells each of them that we are gone."""

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
        """Run `python -m module` in a session of its own, so that Ctrl-C reaches only us.

        The module has to call `end_with_parent` first. `files` are kept open under their numbers;
        `log` takes all that it prints, `output` only its standard output. A `gated` module may
        wait for the end of its standard input until we close `stdin`.
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
        """Let go of the pipe: children that are still there end at once."""
        os.close(self._write_end)
        os.close(self._read_end)


def end_with_parent() -> None:
    """Called in the child: die when the parent that started this process through Children dies.

    The pipe works everywhere; Linux's own signal also ends a process that is stuck.
    """
    pipe = os.environ.pop(PIPE_VARIABLE, "")
    if not pipe:
        return
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_die_at_end_of, args=(int(pipe),), daemon=True).start()


def _die_at_end_of(pipe: int) -> None:
    os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def raise_file_limit() -> None:
    """Allow as many open files, and so sockets, as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    # macOS says "no limit" and then refuses more than kern.maxfilesperproc.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a process to end and kill it when it has not within `seconds`."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_lines(path: Path, count: int) -> str:
    """The end of a log file, for a person to read; empty when there is none."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
    except FileNotFoundError:
        return ""
