"""`make run` on the data of an older version: the terminal tells how far the upgrade is."""

import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from launcher import ports
from launcher.postgres import Cluster
from tests.live.launcher.test_supervisor import QUIET
from tests.support.upgrade import FIRST_SCHEMA, TITLES, Database, read_until

Start = Callable[..., subprocess.Popen[str]]


def test_progress_comes_while_the_upgrade_runs(
    folder: Path, cluster_folder: Path, start: Start
) -> None:
    with ports.listen("127.0.0.1", "") as listener:
        port = str(listener.getsockname()[1])
    with Cluster(cluster_folder, fast=True) as cluster:
        database = Database(cluster.url("chat"))
        database.migrate(*FIRST_SCHEMA)
        database.fill(1, 400)
        # The last batch cannot end before the test has read what came before it.
        database.migrate("chat", "0004")
        with closing(database.connect(autocommit=False)) as holder:
            holder.execute("SELECT FROM chat_conversation ORDER BY id DESC LIMIT 1 FOR UPDATE")
            process = start(
                "launcher",
                environment=QUIET
                | {
                    "DATA_DIR": str(folder / "var"),
                    "PORT": port,
                    "DJANGO_SETTINGS_MODULE": "tests.support.upgrade_settings",
                },
            )
            said = read_until(process, "search: 100 of 400 conversations")
            assert "Migrating the database" in said
            read_until(process, "Another session has locked a table")
            assert database.value(TITLES) < 400
            holder.commit()
        read_until(process, "search: 400 of 400 conversations")
        read_until(process, "Ready: open ")
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert process.returncode == 0
        assert database.value(TITLES) == 400
