"""An embedded PostgreSQL server in a folder, shared by all processes that use the folder.

Two file locks coordinate them, and the system releases both even after kill -9. Each process that
uses the server holds a shared lock on `users.lock` for its whole life. It holds `start.lock` while
it starts or stops the server. The last user stops the server; if all users were killed, the next
one takes over the running server.
"""

import hashlib
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import errors, sql

from launcher import binaries, locks, pidfile
from launcher.failure import StartError, disk_full, in_words
from launcher.server_user import ServerUser, server_user

SUPERUSER = "postgres"
PORT = 5432  # only part of the socket's file name: the server does not listen on the network
RETRY_SECONDS = 5.0
READY_SECONDS = 120.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.02
INITDB_OPTIONS = (
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--auth-local=trust",
    "--auth-host=reject",
    "--text-search-config=english",
    "--no-instructions",
    f"--username={SUPERUSER}",
)
SETTINGS = {
    "port": str(PORT),
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}
FAST_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
# Tests count statements with it.
FAST_SETTINGS |= {"shared_preload_libraries": "pg_stat_statements"}
# Tests decide themselves which statistics the planner has.
FAST_SETTINGS |= {"autovacuum": "off"}


class Cluster:
    """The PostgreSQL server of one folder: `with Cluster(folder) as cluster: cluster.url("chat")`.

    Started by root, the server runs as `nobody`. If that user cannot enter `folder`, the data is in
    `place`, a system folder named after it. `fast` trades crash safety for speed, for tests.
    """

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.folder = Path(os.path.abspath(folder))
        self.place = self.folder
        self.fast = fast
        self._users: locks.Lock | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.socket_folder = ""

    @property
    def data(self) -> Path:
        return self.place / "data"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, or join a running one; call it again to restart one that has died.

        Raises StartError with a sentence for the user.
        """
        with in_words(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            user = server_user(_data_folder(self.folder))
            self.place = place_for(self.folder, user)
            with locks.exclusive(self.place / "start.lock"):
                if self._users is None:
                    self._users = locks.shared(self.place / "users.lock")
                try:
                    self._ensure(user)
                except BaseException:
                    self._leave()
                    raise

    def stop(self) -> None:
        """Release the server; the last user shuts it down and waits for its end."""
        if self._users is None:
            return
        with locks.exclusive(self.place / "start.lock"):
            self._leave()
            last_user = locks.take(self.place / "users.lock")
            if last_user:
                self._shut_down()
                last_user.close()

    def alive(self) -> bool:
        """Return whether the server process is running."""
        if self._process is not None:
            return self._process.poll() is None
        return pidfile.running(self.data) is not None

    def url(self, database: str) -> str:
        """Return the URL of `database` for django-environ; create the database if it is missing.

        `postgresql://postgres@:5432//folder/of/the/socket/name`: django-environ reads a path that
        starts with a slash as socket folder and database name (`Env.db_url_config`).
        """
        with psycopg.connect(
            host=self.socket_folder, port=PORT, user=SUPERUSER, dbname="postgres", autocommit=True
        ) as connection:
            exists = connection.execute(
                "select 1 from pg_database where datname = %s", [database]
            ).fetchone()
            if not exists:
                _create(connection, database)
        return f"postgresql://{SUPERUSER}@:{PORT}/{quote(f'{self.socket_folder}/{database}')}"

    def _leave(self) -> None:
        """Stop counting as a user of the server."""
        if self._users is not None:
            self._users.close()
            self._users = None

    def _exited(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _ensure(self, user: ServerUser) -> None:
        """Make sure that the server runs and is ready; `start.lock` must be held."""
        programs = binaries.reachable(user, self.place)
        self._check_version(programs.major)
        if not self.data.is_dir():
            self._initialise(programs, user)
        server = pidfile.running(self.data)
        if server and server.status == "stopping":
            self._wait_until_gone(STOP_SECONDS)
            server = pidfile.running(self.data)
        if server is None:
            self._launch_with_retries(programs, user)
        else:
            self._wait_until_ready()

    def _check_version(self, major: int) -> None:
        """Raise StartError if the data belongs to another major version of PostgreSQL."""
        try:
            data_version = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            return
        if data_version != str(major):
            raise StartError(
                f"{self.data} contains data of PostgreSQL {data_version}, but this version of the "
                f"app uses PostgreSQL {major}: go back to your previous version and back up the "
                "data as described in docs/running.md, or move the folder away to start with an "
                "empty database."
            )

    def _initialise(self, programs: binaries.Binaries, user: ServerUser) -> None:
        """Run initdb in a new folder, then rename it: the data folder is complete or absent."""
        fresh = self.place / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        user.own(fresh)
        options = [*INITDB_OPTIONS, *(["--no-sync"] if self.fast else [])]
        with tempfile.TemporaryFile() as log:
            process = subprocess.run(
                [programs.folder / "initdb", *options, "-D", fresh],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                **user.popen_options,
            )
            log.seek(0)
            output = log.read().decode(errors="replace")
        if process.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failure("created", output)
        fresh.rename(self.data)

    def _launch_with_retries(self, programs: binaries.Binaries, user: ServerUser) -> None:
        """Start the server, with retries.

        After a kill -9 its remaining children may keep its shared memory in use for a moment.
        Raises StartError if the server does not start.
        """
        deadline = time.monotonic() + RETRY_SECONDS
        while not self._launch(programs, user):
            output = self.log_file.read_text(errors="replace")
            if "still in use" not in output or time.monotonic() > deadline:
                raise self._failure("started", output)
            time.sleep(0.2)

    def _launch(self, programs: binaries.Binaries, user: ServerUser) -> bool:
        """Start the server process once; return whether it became ready."""
        pidfile.remove_stale(self.data)
        self.socket_folder = _socket_folder(self.data, user)
        settings = SETTINGS | (FAST_SETTINGS if self.fast else {})
        options = ["-k", self.socket_folder]
        options += [f"--{name}={value}" for name, value in settings.items()]
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [programs.folder / "postgres", "-D", self.data, *options],
                cwd="/",
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **user.popen_options,
            )
        return self._wait_until_ready()

    @property
    def log_file(self) -> Path:
        return self.place / "server.log"

    def _wait_until_ready(self) -> bool:
        """Return True once the server accepts connections, False if our process has ended.

        Raises StartError if the server is not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            server = pidfile.running(self.data)
            if server and server.status == "ready":
                self.socket_folder = server.socket_folder
                return True
            if self._exited():
                return False
            time.sleep(POLL_SECONDS)
        raise StartError(
            f"The database in {self.place} is not ready after {READY_SECONDS:.0f} seconds: see "
            f"{self.log_file}, and start again when its recovery is complete."
        )

    def _shut_down(self) -> None:
        """Stop the server: fast shutdown, immediate shutdown, and finally kill."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            server = pidfile.running(self.data)
            if server is None:
                break
            os.kill(server.pid, number)
            self._wait_until_gone(STOP_SECONDS)
        if self._process is not None:
            self._process.wait(STOP_SECONDS)
            self._process = None
        if self.socket_folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _wait_until_gone(self, seconds: float) -> None:
        """Wait until the server has ended, at most `seconds`."""
        deadline = time.monotonic() + seconds
        while pidfile.running(self.data) and not self._exited() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    def _failure(self, what: str, output: str) -> StartError:
        """Return the error with the reason that the program printed."""
        if "No space left on device" in output or "Disk quota exceeded" in output:
            return disk_full(self.place)
        lines = [line for line in output.splitlines() if re.search("FATAL|PANIC|error:", line)]
        reason = lines[-1] if lines else output.strip().rpartition("\n")[2]
        return StartError(f"The database in {self.place} could not be {what}: {reason}")


def place_for(folder: Path, user: ServerUser) -> Path:
    """Return the folder of the cluster: `folder`, or a system folder if `user` cannot enter it.

    Raises StartError if `folder` has data that `user` can no longer reach.
    """
    system_folder = _system_folder(folder)
    can_enter = user.can_enter(folder)
    if (folder / "data").is_dir() and not can_enter:
        raise StartError(
            f"User {user.uid}, who owns the database in {folder}, can no longer access that "
            "folder: restore the permissions of the folders above it (chmod o+x)."
        )
    if not user.switch or (can_enter and not (system_folder / "data").is_dir()):
        return folder
    system_folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    return system_folder


def _data_folder(folder: Path) -> Path:
    """Return where existing data would be: in the folder itself, else in the system folder."""
    return folder / "data" if (folder / "data").is_dir() else _system_folder(folder) / "data"


def _system_folder(folder: Path) -> Path:
    """Return the system folder for a cluster whose `folder` the server's user cannot enter."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(folder)).strip("-")[-60:]
    library = Path("/var/lib") if Path("/var/lib").is_dir() else Path("/var/db")
    return library / "chat-postgres" / f"{name}-{_digest(folder)}"


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]


def _socket_folder(data: Path, user: ServerUser) -> str:
    """Make a folder for the socket, with a short path, that only the server's user can enter.

    The path of a socket may have 103 bytes on macOS and 107 on Linux (`sun_path` in <sys/un.h>).
    """
    parent = Path("/tmp") if os.access("/tmp", os.W_OK) else Path(tempfile.gettempdir())  # noqa: S108
    folder = parent / f"chat-postgres-{_digest(data)}"
    if os.geteuid() == 0 and folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)
    try:
        folder.mkdir(mode=0o700)
        user.own(folder)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != user.uid:
            raise StartError(
                f"{folder} belongs to another user: delete it and start again."
            ) from None
    folder.chmod(0o700)
    return str(folder)


def _environment() -> dict[str, str]:
    """Return our environment without libpq's variables.

    LC_ALL keeps macOS from starting threads in the server.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return environment | {"LC_ALL": "C"}


def _create(connection: psycopg.Connection, database: str) -> None:
    """Create a database, unless another process has just done so."""
    try:
        connection.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    except (errors.DuplicateDatabase, errors.UniqueViolation):
        return  # another process created it first
