"""Simulate people of one server in a process of their own, controlled by standard input.

The first line is the job in JSON. Each further line is a command for all people, answered with a
JSON line: `open` opens pages and sockets, `warm_up` asks a short question that is not measured,
`ask` asks the measured ones. If the job says so, `ask` also requests 20 pages per second.
"""

import asyncio
import json
import random
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from benchmarks.people import PEOPLE, Person
from benchmarks.seen import SeenAnswer
from benchmarks.texts import Plan
from benchmarks.wire import RefusedError, connect, fetch

PROBES_PER_SECOND = 20
ERRORS = (OSError, RefusedError, TimeoutError, ValueError, IndexError, asyncio.IncompleteReadError)


@dataclass(frozen=True)
class Job:
    """The people of one process and what they ask.

    `sessions` has one entry for each person, and `ports` are assigned in turn. All begin within
    `spread` seconds, and each asks `answers` questions in a row. `probe` is "pings", or "pages" for
    pings and pages.
    """

    kind: str
    ports: list[int]
    sessions: list[str]
    plan: Plan
    answers: int = 1
    spread: float = 0.0
    timeout: float = 60.0
    probe: str = ""


@dataclass
class Outcome:
    """The figures of one process of people.

    `own_lateness_ms` is the p99 delay of its own event loop.
    """

    asked: int = 0
    complete: int = 0
    firsts_ms: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)
    frames: int = 0
    size: int = 0
    errors: list[str] = field(default_factory=list)
    pages_ms: list[float] = field(default_factory=list)
    pongs_ms: list[float] = field(default_factory=list)
    own_lateness_ms: float = 0.0

    def add(self, seen: SeenAnswer) -> None:
        self.complete += seen.complete
        if seen.lags_ms:
            self.firsts_ms.append(seen.first_ms)
        self.lags_ms += seen.lags_ms.values()
        self.frames += seen.frames
        self.size += seen.size

    def add_error(self, error: Exception) -> None:
        self.errors.append(f"{type(error).__name__}: {error}"[:200])


class Crowd:
    """The people of one process."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.outcome = Outcome()
        self.ports = [job.ports[index % len(job.ports)] for index in range(len(job.sessions))]
        self.people: list[Person] = [
            PEOPLE[job.kind](port, session)
            for port, session in zip(self.ports, job.sessions, strict=True)
        ]

    async def open(self) -> None:
        for person in self.people:
            try:
                async with asyncio.timeout(self.job.timeout):
                    await person.open()
            except ERRORS as error:
                self.outcome.add_error(error)

    async def warm_up(self) -> None:
        """Ask a first question each, 15 people at a time, to fill the server's caches."""
        semaphore = asyncio.Semaphore(15)
        plan = Plan(tokens=30, rate=50)

        async def ask_first(person: Person) -> None:
            async with semaphore:
                await self.question(person, plan)

        await asyncio.gather(*(ask_first(person) for person in self.people))

    async def question(self, person: Person, plan: Plan) -> SeenAnswer | None:
        try:
            async with asyncio.timeout(self.job.timeout):
                return await person.ask(plan.question())
        except ERRORS as error:
            self.outcome.add_error(error)
        return None

    async def ask(self) -> None:
        lateness = asyncio.create_task(self.watch_lateness())
        probes = [asyncio.create_task(probe) for probe in self.probes()]
        await asyncio.gather(*(self.ask_repeatedly(person) for person in self.people))
        for probe in probes:
            probe.cancel()
        lateness.cancel()
        await asyncio.gather(lateness, *probes, return_exceptions=True)

    async def ask_repeatedly(self, person: Person) -> None:
        await asyncio.sleep(random.random() * self.job.spread)
        for _ in range(self.job.answers):
            self.outcome.asked += 1
            seen = await self.question(person, self.job.plan)
            if seen is not None:
                self.outcome.add(seen)

    async def watch_lateness(self) -> None:
        delays: list[float] = []
        with suppress(asyncio.CancelledError):
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                delays.append((time.monotonic() - before - 0.01) * 1000)
        self.outcome.own_lateness_ms = sorted(delays)[len(delays) * 99 // 100] if delays else 0.0

    def probes(self) -> list[Coroutine[Any, Any, None]]:
        if not self.job.probe:
            return []
        pages = [self.pages()] if self.job.probe == "pages" else []
        return pages + ([self.pings()] if self.job.kind == "ours" else [])

    async def pages(self) -> None:
        """Request the first page at a steady rate, without waiting for slow responses."""
        cookies = getattr(self.people[0], "cookies", None)
        tasks = set()

        async def load() -> None:
            start = time.monotonic()
            with suppress(*ERRORS):
                await fetch(self.ports[0], "/", headers=cookies)
                self.outcome.pages_ms.append((time.monotonic() - start) * 1000)

        while True:
            task = asyncio.create_task(load())
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(1 / PROBES_PER_SECOND)

    async def pings(self) -> None:
        """Send pings; a reply is as late as the server's event loop, which answers them."""
        start = 0.0

        def on_message(message: bytes) -> None:
            if b"pong" in message:
                self.outcome.pongs_ms.append((time.monotonic() - start) * 1000)

        cookies = getattr(self.people[0], "cookies", None)
        socket = await connect(self.ports[0], "/ws/", on_message, cookies)
        try:
            while True:
                start = time.monotonic()
                socket.send(b'{"ping": 1}')
                await asyncio.sleep(1 / PROBES_PER_SECOND)
        finally:
            socket.close()

    def close(self) -> None:
        for person in self.people:
            person.close()


def parse_job(line: str) -> Job:
    values = json.loads(line)
    return Job(**{**values, "plan": Plan(**values["plan"])})


async def main() -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(parse_job(sys.stdin.readline()))
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        await {"open": crowd.open, "warm_up": crowd.warm_up, "ask": crowd.ask}[line]()
        print(json.dumps(asdict(crowd.outcome)), flush=True)
    crowd.close()


if __name__ == "__main__":
    asyncio.run(main())
