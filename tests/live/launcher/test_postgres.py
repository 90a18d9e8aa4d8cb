"""The embedded database over its life, with real servers and real kills."""

import os
import pwd
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import environ
import psycopg
import pytest

from launcher import binaries, pidfile
from launcher.failure import StartError
from launcher.postgres import Cluster
from tests.live.launcher.conftest import Waiter, alive
from tests.support.polling import eventually

HOLDER = "tests.live.launcher.holder"
Start = Callable[..., subprocess.Popen[str]]


def server_pid(cluster: Cluster) -> int:
    found = pidfile.running(cluster.data)
    assert found
    return found.pid


def connect(cluster: Cluster) -> psycopg.Connection:
    settings = environ.Env.db_url_config(cluster.url("chat"))
    return psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        dbname=settings["NAME"],
        autocommit=True,
    )


def read_pid(holder: subprocess.Popen[str]) -> int:
    assert holder.stdout
    line = holder.stdout.readline()
    assert line.split()[0].isdigit(), line + holder.stdout.read()
    return int(line.split()[0])


def test_data_is_there_after_a_stop_and_a_start(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        pid = server_pid(cluster)
        with connect(cluster) as connection:
            connection.execute("create table note as select 'kept' as word")
        sockets = environ.Env.db_url_config(cluster.url("chat"))["HOST"]
    assert not alive(pid)
    assert not Path(sockets).exists()
    with Cluster(cluster_folder, fast=True) as cluster, connect(cluster) as connection:
        assert connection.execute("select word from note").fetchone() == ("kept",)


def test_listens_on_no_network_address_and_sorts_by_unicode(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster, connect(cluster) as connection:
        shown = [
            connection.execute(f"show {name}").fetchone()
            for name in ("listen_addresses", "server_encoding", "max_connections", "fsync")
        ]
        assert shown == [("",), ("UTF8",), ("100",), ("off",)]
        assert connection.execute("select upper('é')").fetchone() == ("É",)


def test_url_makes_a_database_once(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        assert cluster.url("other") == cluster.url("other")


def test_the_last_of_two_users_stops_the_server(cluster_folder: Path, start: Start) -> None:
    holder = start(HOLDER, cluster_folder)
    pid = read_pid(holder)
    with Cluster(cluster_folder, fast=True) as cluster:
        assert server_pid(cluster) == pid
        holder.communicate("")
        assert cluster.alive()
    eventually(lambda: not alive(pid))


def test_a_server_whose_owner_was_killed_is_taken_over(cluster_folder: Path, start: Start) -> None:
    holder = start(HOLDER, cluster_folder)
    pid = read_pid(holder)
    holder.kill()
    holder.wait()
    with Cluster(cluster_folder, fast=True) as cluster:
        assert server_pid(cluster) == pid
        cluster.url("chat")
    assert not alive(pid)


def test_a_killed_server_comes_back(cluster_folder: Path, wait_for: Waiter) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        pid = server_pid(cluster)
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: not cluster.alive(), "the server outlived its kill")
        cluster.start()
        assert server_pid(cluster) != pid
        with connect(cluster) as connection:
            assert connection.execute("select 1").fetchone() == (1,)


def test_a_pid_file_of_a_stranger_is_removed(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        data = cluster.data
        text = (data / "postmaster.pid").read_text()
    lines = text.splitlines()
    lines[0] = str(os.getpid())
    (data / "postmaster.pid").write_text("\n".join(lines))
    assert pidfile.running(data) is None
    with Cluster(cluster_folder, fast=True) as cluster:
        assert server_pid(cluster) != os.getpid()


def test_data_of_another_major_version_is_named(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        data = cluster.data
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartError, match="contains data of PostgreSQL 17, but this version"):
        Cluster(cluster_folder, fast=True).start()
    (data / "PG_VERSION").write_text("18\n")


def test_a_cluster_half_made_is_made_anew(cluster_folder: Path) -> None:
    (cluster_folder / "data.new" / "base").mkdir(parents=True)
    with Cluster(cluster_folder, fast=True) as cluster:
        assert cluster.alive()
    assert not (cluster_folder / "data.new").exists()


def test_a_server_that_cannot_start_says_why(cluster_folder: Path) -> None:
    with Cluster(cluster_folder, fast=True) as cluster:
        settings = cluster.data / "postgresql.conf"
    good = settings.read_text()
    settings.write_text(good + "\nno_such_setting = 1\n")
    with pytest.raises(StartError, match=r"could not be started: .*configuration file"):
        Cluster(cluster_folder, fast=True).start()
    settings.write_text(good)


def test_an_ordinary_user_runs_a_server_of_their_own(
    folder: Path, cluster_folder: Path, start: Start
) -> None:
    """As root the ordinary user is `nobody`, who may not be able to enter this clone."""
    site = folder / "packages"
    cluster_folder.mkdir(parents=True)
    user = []
    if os.geteuid() == 0:
        package = binaries.installed().folder.parent.parent
        binaries.copy(package, site)
        nobody = pwd.getpwnam("nobody")
        user = [nobody.pw_uid, nobody.pw_gid]
        os.chown(cluster_folder, *user)
    holder = start(HOLDER, cluster_folder, *user, environment={"PYTHONPATH": str(site)})
    pid = read_pid(holder)
    assert (cluster_folder / "data").stat().st_uid == (user or [os.geteuid()])[0]
    holder.communicate("")
    assert not alive(pid)


def test_root_keeps_the_data_elsewhere_when_nobody_may_not_enter(
    folder: Path, cluster_folder: Path
) -> None:
    folder.chmod(0o700)
    with Cluster(cluster_folder, fast=True) as cluster:
        assert cluster.alive()
        assert (cluster.place == cluster.folder) == (os.geteuid() != 0)
    assert folder.stat().st_mode & 0o777 == 0o700
