"""Measure one round: a number of people ask one server."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field

import psutil  # type: ignore[import-untyped]

from benchmarks.counters import OtherPrograms, cpu_seconds, memory_mb
from benchmarks.crowd import Job, Outcome
from benchmarks.model import ModelServer
from benchmarks.servers import Server
from benchmarks.texts import Plan

MAX_PEOPLE_PER_PROCESS = 100  # more people share two processes
LAG_LIMIT_MS = 500.0
FIRST_LIMIT_MS = 1000.0
SAMPLE_SECONDS = 1.0


@dataclass(frozen=True)
class Question:
    """The people of one round and what they ask."""

    people: int
    plan: Plan = field(default_factory=Plan)
    answers: int = 1
    probe: str = ""


@dataclass
class RoundFigures:
    """Figures in milliseconds, CPU seconds per 1,000 tokens, MB of PSS, percent of the machine."""

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
    errors: list[str] = field(default_factory=list)

    @property
    def keeps_up(self) -> bool:
        """Return whether all answers are complete and in time (docs/performance.md)."""
        return (
            0 < self.asked == self.complete
            and self.lag_p95 < LAG_LIMIT_MS
            and self.first_p95 < FIRST_LIMIT_MS
        )


def percentile(values: list[float], percent: float) -> float:
    """Return the percentile by nearest rank, 0 without values."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


class Crowds:
    """The processes that simulate the people, see `crowd`."""

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
            self.write_line(process, json.dumps(asdict(job)))

    def write_line(self, process: subprocess.Popen[str], line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line + "\n")
        process.stdin.flush()

    def command(self, command: str) -> list[Outcome]:
        """Send a command to all processes at once; return their figures so far."""
        for process in self.processes:
            self.write_line(process, command)
        outcomes = []
        for process in self.processes:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError("A process of people has ended.")
            outcomes.append(Outcome(**json.loads(line)))
        return outcomes

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def make_jobs(server: Server, question: Question) -> list[Job]:
    count = 1 if question.people <= MAX_PEOPLE_PER_PROCESS else 2
    sessions = server.sessions[: question.people]
    return [
        Job(
            kind=server.kind,
            ports=server.ports,
            sessions=sessions[index::count],
            plan=question.plan,
            answers=question.answers,
            # Spread the starts, so that questions come evenly later too.
            spread=min(question.plan.tokens / question.plan.rate, question.people / 20),
            probe=question.probe if index == 0 else "",
        )
        for index in range(count)
    ]


@contextmanager
def sample_memory(pids: list[int]) -> Iterator[list[float]]:
    """Sample the memory of the processes once per second while the block runs."""
    samples: list[float] = []
    over = threading.Event()

    def sample() -> None:
        while not over.wait(SAMPLE_SECONDS):
            samples.append(memory_mb(pids))

    watcher = threading.Thread(target=sample)
    watcher.start()
    try:
        yield samples
    finally:
        over.set()
        watcher.join()


def measure_round(server: Server, model: ModelServer, question: Question) -> RoundFigures:
    """Open the pages, ask a first question to warm up, then measure the round."""
    result = RoundFigures(question.people, busy_before=psutil.cpu_percent(1.0))
    with ExitStack() as stack:
        crowds = Crowds(make_jobs(server, question))
        stack.callback(crowds.end)
        result.memory_before = memory_mb(server.web)
        crowds.command("open")
        result.memory_open = memory_mb(server.web)
        crowds.command("warm_up")
        model.state()
        other_programs = OtherPrograms()
        before = cpu_seconds(server.web), cpu_seconds(server.database)
        with sample_memory(server.web) as memory:
            outcomes = crowds.command("ask")
        after = cpu_seconds(server.web), cpu_seconds(server.database)
        result.busy_during = other_programs.percent()
    state = model.state()
    result.memory_peak = max([*memory, memory_mb(server.web)])
    thousands = max(1.0, state["tokens"]) / 1000
    result.cpu = (after[0] - before[0]) / thousands
    result.cpu_database = (after[1] - before[1]) / thousands
    result.upstream_late = state["late_p99"]
    add_outcomes(result, outcomes, thousands * 1000)
    return result


def add_outcomes(result: RoundFigures, outcomes: list[Outcome], tokens: float) -> None:
    """Add up the figures of all processes."""
    firsts = [value for outcome in outcomes for value in outcome.firsts_ms]
    lags = [value for outcome in outcomes for value in outcome.lags_ms]
    result.asked = sum(outcome.asked for outcome in outcomes)
    result.complete = sum(outcome.complete for outcome in outcomes)
    result.first_p50, result.first_p95 = percentile(firsts, 50), percentile(firsts, 95)
    result.lag_p50, result.lag_p95 = percentile(lags, 50), percentile(lags, 95)
    result.token_bytes = sum(outcome.size for outcome in outcomes) / tokens
    result.token_frames = sum(outcome.frames for outcome in outcomes) / tokens
    result.page_p95 = percentile([value for outcome in outcomes for value in outcome.pages_ms], 95)
    result.loop_p99 = percentile([value for outcome in outcomes for value in outcome.pongs_ms], 99)
    result.crowd_late = max(outcome.own_lateness_ms for outcome in outcomes)
    result.errors = [error for outcome in outcomes for error in outcome.errors]
