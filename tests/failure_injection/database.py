"""A PostgreSQL of its own that tests may take away from the processes that use it."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from launcher import pidfile
from launcher.postgres import Cluster


class Database(Cluster):
    """`take_away` ends the server as an operator would, or as a crash; `bring_back` starts it."""

    def take_away(self, how: signal.Signals) -> None:
        found = pidfile.running(self.data)
        assert found is not None
        os.kill(found.pid, how)
        until = time.monotonic() + 20
        while pidfile.running(self.data) is not None and time.monotonic() < until:
            with suppress(ChildProcessError):
                os.waitpid(found.pid, os.WNOHANG)
            time.sleep(0.02)

    def bring_back(self) -> None:
        self.stop()
        self.start()

    def connected(self, name: str) -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection of an operator's to one of its databases, in autocommit."""
        return psycopg.connect(
            host=self.socket_folder, user="postgres", dbname=name, autocommit=True
        )

    def set(self, name: str, value: str) -> None:
        """Change a setting of the server for all of its connections."""
        with self.connected("postgres") as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
            )
            connection.execute("SELECT pg_reload_conf()")

    @contextmanager
    def locked(self, name: str, table: str) -> Iterator[None]:
        """Nobody else can read this table meanwhile."""
        with psycopg.connect(host=self.socket_folder, user="postgres", dbname=name) as connection:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield


def own_database(folder: Path) -> Database:
    """Not in a hurry: a commit that was acknowledged is on disk."""
    folder.chmod(0o755)
    return Database(folder / "postgres")
