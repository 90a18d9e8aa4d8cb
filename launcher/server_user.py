"""The system user that the database server runs as: PostgreSQL refuses to run as root."""

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
    """A user and group id; `switch` is true where a child has to be moved to them."""

    uid: int
    gid: int
    switch: bool

    @property
    def popen_options(self) -> Mapping[str, Any]:
        if not self.switch:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        if self.switch:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        return self._succeeds(str(program), "--version")

    def can_enter(self, folder: Path) -> bool:
        return not self.switch or self._succeeds("/bin/sh", "-c", 'test -x "$1"', "sh", str(folder))

    def _succeeds(self, *command: str) -> bool:
        try:
            done = subprocess.run(
                command,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **self.popen_options,
            )
        except (PermissionError, FileNotFoundError):
            return False
        return done.returncode == 0


def server_user(data: Path) -> ServerUser:
    """Ourselves; as root the owner of existing data, else `nobody`.

    Raises StartError where a system has no such user or does not let root change to it.
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), switch=False)
    user = ServerUser(*_owner(data), switch=True)
    try:
        reached = user.can_enter(Path("/"))
    except OSError as error:
        raise StartError(
            f"The database cannot run as root and root may not become user {user.uid} here: start "
            "as an ordinary user or set DATABASE_URL."
        ) from error
    if not reached:
        raise StartError(f"User {user.uid}, who runs the database, cannot enter the folder /.")
    return user


def _owner(data: Path) -> tuple[int, int]:
    if data.is_dir() and (found := data.stat()).st_uid != 0:
        return found.st_uid, found.st_gid
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise StartError(
            "The database cannot run as root and there is no user nobody: start as an ordinary "
            "user or set DATABASE_URL."
        ) from error
    return nobody.pw_uid, nobody.pw_gid
