"""The errors of this package: each is a sentence for the person at the terminal."""

import errno
import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


class StartError(Exception):
    """Something a person has to put right; the text says what and how, in one sentence."""


class AlreadyRunningError(Exception):
    """Nothing to do, since everything runs already; the text says where, in one sentence."""


def disk_full(folder: Path) -> StartError:
    return StartError(f"The disk that holds {folder} is full: free some space and start again.")


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Turn a full disk and missing rights on `folder` into a StartError."""
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise disk_full(folder) from error
        if error.errno in NOT_WRITABLE:
            raise StartError(
                f"{error.filename or folder} cannot be written by {user_name()}: start as the user "
                "who owns it, or give it to this one with chown."
            ) from error
        raise


def user_name() -> str:
    """The name of this process's user; a number where the system knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
