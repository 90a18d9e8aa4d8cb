"""One round: so many people ask one server, and what it cost."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field

import psutil  # type: ignore[import-untyped]

from benchmarks.counters import Others, cpu_seconds, memory_mb
from benchmarks.crowd import Job, Outcome
from benchmarks.model import Model
from benchmarks.servers import Server
from benchmarks.texts import Plan

PEOPLE_A_CROWD = 100  # more people than that are led by two processes
LAG_LIMIT_MS = 500.0
FIRST_LIMIT_MS = 1000.0
SAMPLE_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """What is asked of a server in one round."""

    people: int
    plan: Plan = field(default_factory=Plan)
    answers: int = 1
    probe: str = ""


@dataclass
class Measured:
    """Milliseconds, CPU seconds for each 1,000 tokens, MB of PSS, percent of the machine."""

    people: int
    asked: int = 0
    complete: int = 0
    first_p50: float = 0.0
    first_p95: float = 0.0
    lag_p50: float = 0.0
    lag_p95: float = 0.0
    cpu: float = 0.0
    cpu_database: float = 0.0
    memory_before: float = 0.0
    memory_open: float = 0.0
    memory_peak: float = 0.0
    token_bytes: float = 0.0
    token_frames: float = 0.0
    page_p95: float = 0.0
    loop_p99: float = 0.0
    upstream_late: float = 0.0
    crowd_late: float = 0.0
    busy_before: float = 0.0
    busy_during: float = 0.0
    troubles: list[str] = field(default_factory=list)

    @property
    def keeps_up(self) -> bool:
        """Every answer complete, and soon: the definition of docs/performance.md."""
        return (
            0 < self.asked == self.complete
            and self.lag_p95 < LAG_LIMIT_MS
            and self.first_p95 < FIRST_LIMIT_MS
        )


def percentile(values: list[float], of: float) -> float:
    """Nearest rank; 0 of nothing."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * of / 100))]


class Crowds:
    """The processes that lead the people; see `crowd`."""

    def __init__(self, jobs: list[Job]) -> None:
        self.processes = [
            subprocess.Popen(
                [sys.executable, "-m", "benchmarks.crowd"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in jobs
        ]
        for process, job in zip(self.processes, jobs, strict=True):
            self.say(process, json.dumps(asdict(job)))

    def say(self, process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def do(self, command: str) -> list[Outcome]:
        """All crowds do it at the same time; what they have seen so far."""
        for process in self.processes:
            self.say(process, command)
        found = []
        for process in self.processes:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("a crowd has ended")
            found.append(Outcome(**json.loads(line)))
        return found

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def jobs(server: Server, question: Question) -> list[Job]:
    count = 1 if question.people <= PEOPLE_A_CROWD else 2
    sessions = server.sessions[: question.people]
    return [
        Job(
            kind=server.kind,
            ports=server.ports,
            sessions=sessions[at::count],
            plan=question.plan,
            answers=question.answers,
            # As many begin each second as ask again once all are at it.
            spread=min(question.plan.tokens / question.plan.rate, question.people / 20),
            probe=question.probe if at == 0 else "",
        )
        for at in range(count)
    ]


@contextmanager
def sampled(pids: list[int]) -> Iterator[list[float]]:
    """Memory of the processes while the block runs, looked at once a second."""
    found: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_SECONDS):
            found.append(memory_mb(pids))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def measure(server: Server, model: Model, question: Question) -> Measured:
    """Opens the pages, asks once to warm up, then asks what is measured."""
    result = Measured(question.people, busy_before=psutil.cpu_percent(1.0))
    with ExitStack() as stack:
        crowds = Crowds(jobs(server, question))
        stack.callback(crowds.end)
        result.memory_before = memory_mb(server.web)
        crowds.do("open")
        result.memory_open = memory_mb(server.web)
        crowds.do("warm")
        model.state()
        others = Others()
        before = cpu_seconds(server.web), cpu_seconds(server.database)
        with sampled(server.web) as memory:
            outcomes = crowds.do("ask")
        after = cpu_seconds(server.web), cpu_seconds(server.database)
        result.busy_during = others.percent()
    state = model.state()
    result.memory_peak = max([*memory, memory_mb(server.web)])
    thousands = max(1.0, state["tokens"]) / 1000
    result.cpu = (after[0] - before[0]) / thousands
    result.cpu_database = (after[1] - before[1]) / thousands
    result.upstream_late = state["late_p99"]
    summed(result, outcomes, thousands * 1000)
    return result


def summed(result: Measured, outcomes: list[Outcome], tokens: float) -> None:
    """What the crowds saw, put together."""
    firsts = [one for outcome in outcomes for one in outcome.firsts_ms]
    lags = [one for outcome in outcomes for one in outcome.lags_ms]
    result.asked = sum(outcome.asked for outcome in outcomes)
    result.complete = sum(outcome.complete for outcome in outcomes)
    result.first_p50, result.first_p95 = percentile(firsts, 50), percentile(firsts, 95)
    result.lag_p50, result.lag_p95 = percentile(lags, 50), percentile(lags, 95)
    result.token_bytes = sum(outcome.size for outcome in outcomes) / tokens
    result.token_frames = sum(outcome.frames for outcome in outcomes) / tokens
    result.page_p95 = percentile([one for o in outcomes for one in o.pages_ms], 95)
    result.loop_p99 = percentile([one for o in outcomes for one in o.pongs_ms], 99)
    result.crowd_late = max(outcome.own_late_ms for outcome in outcomes)
    result.troubles = [trouble for outcome in outcomes for trouble in outcome.troubles]
