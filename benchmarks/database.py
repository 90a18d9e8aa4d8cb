"""A database for one measurement, on PostgreSQL with `fsync`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.postgres import Cluster
from tests.support.site import prepared_database


@contextmanager
def temporary_database() -> Iterator[tuple[Cluster, dict[str, str]]]:
    """Yield a running cluster with a migrated database, and the settings of a site that uses it."""
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Cluster(folder / "postgres") as cluster:
            yield cluster, prepared_database(cluster.url("bench"), folder / "data")
