"""Faults of the system said in one sentence."""

import errno
import os
from pathlib import Path

import pytest

from launcher.failure import StartError, in_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "is full: free some space and start again"),
        (errno.EDQUOT, "is full: free some space and start again"),
        (errno.EACCES, "cannot write to"),
        (errno.EROFS, "cannot write to"),
    ],
)
def test_a_fault_of_the_disk_becomes_a_sentence(number: int, words: str) -> None:
    with pytest.raises(StartError, match=words), in_words(Path("/somewhere")):
        raise OSError(number, os.strerror(number), "/somewhere/file")


def test_other_faults_stay_what_they_are() -> None:
    with pytest.raises(IsADirectoryError), in_words(Path("/somewhere")):
        raise OSError(errno.EISDIR, "is a directory")
