"""How one web process carries N people at once: lag, first token, CPU, memory, bytes.

`python -m benchmarks.load 1 10 50` starts a site of its own on the embedded PostgreSQL (with
fsync, as in production), a model server at 50 tokens a second for each person, and prints a table.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from benchmarks.client import Seen, Visitor
from config.local.postgres import Cluster
from tests.site import Site, prepared_database

PEOPLE = """
import json
from importlib import import_module
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from accounts.models import User
store = import_module(settings.SESSION_ENGINE).SessionStore
keys = []
for number in range({count}):
    user, _ = User.objects.get_or_create(email=f"load{{number}}@example.org")
    session = store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    keys.append(session.session_key)
print(json.dumps(keys))
"""
CSRF = "a" * 32


@dataclass(frozen=True)
class Measured:
    """One round. CPU is seconds of the web process for each 1,000 tokens."""

    people: int
    complete: int
    first_p50: float
    first_p95: float
    lag_p50: float
    lag_p95: float
    cpu: float
    cpu_database: float
    memory: float
    token_bytes: float
    busy: float

    def row(self) -> str:
        return (
            f"| {self.people} | {self.complete} | {self.first_p50:.0f} / {self.first_p95:.0f} "
            f"| {self.lag_p50:.0f} / {self.lag_p95:.0f} | {self.cpu:.3f} | {self.cpu_database:.3f} "
            f"| {self.memory:.0f} | {self.token_bytes:.0f} | {self.busy:.0f} % |"
        )


HEADER = (
    "| people | complete | first token ms p50 / p95 | lag ms p50 / p95 "
    "| web CPU s per 1,000 tokens | database | memory MB | bytes per token "
    "| machine busy before |\n" + "|---" * 9 + "|"
)


def seconds(process: psutil.Process) -> float:
    """CPU seconds of a process and its children."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        times = one.cpu_times()
        total += times.user + times.system
    return total


async def everybody(visitors: list[Visitor], spread: float) -> list[Seen]:
    """All ask within `spread` seconds."""

    async def one(visitor: Visitor) -> Seen:
        await asyncio.sleep(random.random() * spread)
        return await visitor.ask("Go on")

    return list(await asyncio.gather(*(one(visitor) for visitor in visitors)))


def measure(
    site: Site, database: psutil.Process, keys: list[str], people: int, tokens: int
) -> Measured:
    assert site.process is not None
    web = psutil.Process(site.process.pid)
    busy = psutil.cpu_percent(1.0)
    cookies = [f"chat_session={key}; chat_csrf={CSRF}" for key in keys[:people]]
    visitors = [Visitor(site.port, cookie, CSRF) for cookie in cookies]
    before, before_database = seconds(web), seconds(database)
    seen = asyncio.run(everybody(visitors, spread=min(6.0, people / 20)))
    after, after_database = seconds(web), seconds(database)
    lags = [lag for one in seen for lag in one.lags_ms] or [0.0]
    firsts = [one.first_ms for one in seen]
    thousands = people * tokens / 1000
    return Measured(
        people=people,
        complete=sum(one.complete for one in seen),
        first_p50=statistics.median(firsts),
        first_p95=percentile(firsts, 95),
        lag_p50=statistics.median(lags),
        lag_p95=percentile(lags, 95),
        cpu=(after - before) / thousands,
        cpu_database=(after_database - before_database) / thousands,
        memory=web.memory_info().rss / 1e6,
        token_bytes=sum(one.bytes for one in seen) / (people * tokens),
        busy=busy,
    )


def percentile(values: list[float], of: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * of // 100)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", type=int, nargs="+")
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--tokens", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chat-bench-") as folder:
        Path(folder).chmod(0o755)
        with Cluster(Path(folder) / "postgres") as cluster:
            run(cluster, Path(folder), options)


def run(cluster: Cluster, folder: Path, options: argparse.Namespace) -> None:
    model = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.upstream"),
            *("--rate", str(options.rate), "--tokens", str(options.tokens)),
        ],
        stdout=subprocess.PIPE,
    )
    try:
        assert model.stdout is not None
        port = json.loads(model.stdout.readline())["port"]
        values = prepared_database(cluster.url("bench"), folder / "data")
        address = {"INFERENCE_BASE_URL": f"http://127.0.0.1:{port}/v1"}
        with Site(values | address) as site:
            keys = json.loads(
                site.manage("shell", "-c", PEOPLE.format(count=max(options.people))).splitlines()[
                    -1
                ]
            )
            pid = int((cluster.data / "postmaster.pid").read_text().splitlines()[0])
            print(HEADER)
            for people in options.people:
                print(measure(site, psutil.Process(pid), keys, people, options.tokens).row())
                sys.stdout.flush()
            if os.environ.get("SHOW_LOG"):
                print(site.log()[-3000:])
    finally:
        model.kill()


if __name__ == "__main__":
    main()
