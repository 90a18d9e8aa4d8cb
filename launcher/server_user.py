"""Choose the system user that runs the database server: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launcher.failure import StartError


@dataclass(frozen=True, slots=True)
class ServerUser:
    """A user and group id; `switch` is true if child processes have to change to them."""

    uid: int
    gid: int
    switch: bool

    @property
    def popen_options(self) -> Mapping[str, Any]:
        """The keyword arguments with which `subprocess` runs a child as this user."""
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Return whether this user can run the program."""
        return self._succeeds(str(program), "--version")

    def can_enter(self, folder: Path) -> bool:
        """Return whether this user can enter the folder."""
        return not self.switch or self._succeeds("/bin/sh", "-c", 'test -x "$1"', "sh", str(folder))

    def _succeeds(self, *command: str) -> bool:
        """Return whether the command, run as this user, exits with 0."""
        try:
            process = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self.popen_options,
            )
        except (PermissionError, FileNotFoundError):
            return False
        return process.returncode == 0


def server_user(data: Path) -> ServerUser:
    """Return our own user; for root, the owner of existing data, else `nobody`.

    Raises StartError if the system has no such user or does not let root change to it.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), switch=False)
    user = ServerUser(*_owner(data), switch=True)
    try:
        can_enter = user.can_enter(Path("/"))
    except OSError as error:
        raise StartError(
            f"The database cannot run as root, and root cannot switch to user {user.uid}: start as "
            "a regular user or set DATABASE_URL."
        ) from error
    if not can_enter:
        raise StartError(f"User {user.uid}, who runs the database, cannot access the folder /.")
    return user


def _owner(data: Path) -> tuple[int, int]:
    """Return user and group id of the owner of `data`, else of `nobody`."""
    if data.is_dir() and (status := data.stat()).st_uid != 0:
        return status.st_uid, status.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise StartError(
            "The database cannot run as root, and there is no user named nobody: start as a "
            "regular user or set DATABASE_URL."
        ) from error
    return nobody.pw_uid, nobody.pw_gid
