"""File locks, which the system releases when the process that holds them dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """A `flock` on one file, held until `close`."""

    def __init__(self, path: Path, operation: int) -> None:
        """Lock `path`; raises BlockingIOError if `operation` has LOCK_NB and another holds it."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._file, operation)
        except OSError:
            os.close(self._file)
            raise

    def read(self) -> str:
        return os.pread(self._file, 4096, 0).decode(errors="replace")

    def write(self, text: str) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text.encode(), 0)

    def close(self) -> None:
        os.close(self._file)


def shared(path: Path) -> Lock:
    """Take a shared lock; waits while another process holds an exclusive one."""
    return Lock(path, fcntl.LOCK_SH)


def take(path: Path) -> Lock | None:
    """Take an exclusive lock without waiting; None if another process holds any lock."""
    try:
        return Lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold an exclusive lock during the block; waits for the other holders first."""
    lock = Lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        lock.close()
