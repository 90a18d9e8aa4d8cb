"""File locks. They belong to the open file, so the system frees them when their owner dies."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """A held `flock` on one file; closing it lets go."""

    def __init__(self, path: Path, operation: int) -> None:
        """Raises BlockingIOError when `operation` has LOCK_NB and somebody else holds the lock."""
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
    """One of many holders; waits for an exclusive one to end."""
    return Lock(path, fcntl.LOCK_SH)


def take(path: Path) -> Lock | None:
    """The only holder, or None when there is another one, of either kind."""
    try:
        return Lock(path, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """The only holder for the length of the block; waits for the others."""
    lock = Lock(path, fcntl.LOCK_EX)
    try:
        yield
    finally:
        lock.close()
