"""The errors of this package; the text of each is a sentence for the user at the terminal."""

import errno
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


class StartError(Exception):
    """A problem that the user has to fix; the text says what to do, in one sentence."""


class AlreadyRunningError(Exception):
    """Everything runs already; the text says at which address, in one sentence."""


def disk_full(folder: Path) -> StartError:
    """Return the error for a full disk."""
    return StartError(f"The disk that contains {folder} is full: free some space and start again.")


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Turn a full disk and missing permissions on `folder` into a StartError, in this block."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise disk_full(folder) from error
        if error.errno in NOT_WRITABLE:
            raise StartError(
                f"{user_name()} cannot write to {error.filename or folder}: start as the user who "
                "owns it, or change its owner with chown."
            ) from error
        raise


def user_name() -> str:
    """Return the name of this process's user, or its number if it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
