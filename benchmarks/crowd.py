"""Some people of one server, in a process of their own, led by lines on standard input.

The job comes as a JSON line. Then each command does one thing for all of them and answers with a
JSON line: `open` (pages and sockets), `warm` (a short first question), `ask` (the measured ones,
beside them 20 requests of a page a second, where the job says so).
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
from benchmarks.seen import Seen
from benchmarks.texts import Plan
from benchmarks.wire import RefusedError, connect, fetch

PROBES_A_SECOND = 20
TROUBLE = (OSError, RefusedError, TimeoutError, ValueError, IndexError, asyncio.IncompleteReadError)


@dataclass(frozen=True)
class Job:
    """`sessions` has one entry for each person; `ports` are taken in turn.

    `spread` is the seconds within which they begin, `answers` how many questions each asks in a
    row. `probe` is `pings`, or `pages` for pings and pages, meanwhile.
    """

    kind: str
    ports: list[int]
    sessions: list[str]
    plan: Plan
    answers: int = 1
    spread: float = 0.0
    patience: float = 60.0
    probe: str = ""


@dataclass
class Outcome:
    """What a crowd saw. `own_late_ms` is how late the crowd itself was: p99 of its event loop."""

    asked: int = 0
    complete: int = 0
    firsts_ms: list[float] = field(default_factory=list)
    lags_ms: list[float] = field(default_factory=list)
    frames: int = 0
    size: int = 0
    troubles: list[str] = field(default_factory=list)
    pages_ms: list[float] = field(default_factory=list)
    pongs_ms: list[float] = field(default_factory=list)
    own_late_ms: float = 0.0

    def add(self, seen: Seen) -> None:
        self.complete += seen.complete
        if seen.lags_ms:
            self.firsts_ms.append(seen.first_ms)
        self.lags_ms += seen.lags_ms.values()
        self.frames += seen.frames
        self.size += seen.size

    def trouble(self, error: Exception) -> None:
        self.troubles.append(f"{type(error).__name__}: {error}"[:200])


class Crowd:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.outcome = Outcome()
        self.ports = [job.ports[at % len(job.ports)] for at in range(len(job.sessions))]
        self.people: list[Person] = [
            PEOPLE[job.kind](port, session)
            for port, session in zip(self.ports, job.sessions, strict=True)
        ]

    async def open(self) -> None:
        for person in self.people:
            try:
                async with asyncio.timeout(self.job.patience):
                    await person.open()
            except TROUBLE as error:
                self.outcome.trouble(error)

    async def warm(self) -> None:
        """A few at a time: a first question makes what is made once."""
        few = asyncio.Semaphore(15)
        plan = Plan(tokens=30, rate=50)

        async def one(person: Person) -> None:
            async with few:
                await self.question(person, plan)

        await asyncio.gather(*(one(person) for person in self.people))

    async def question(self, person: Person, plan: Plan) -> Seen | None:
        try:
            async with asyncio.timeout(self.job.patience):
                return await person.ask(plan.question())
        except TROUBLE as error:
            self.outcome.trouble(error)
        return None

    async def ask(self) -> None:
        late = asyncio.create_task(self.watch_lateness())
        probes = [asyncio.create_task(probe) for probe in self.probes()]
        await asyncio.gather(*(self.asker(person) for person in self.people))
        for probe in probes:
            probe.cancel()
        late.cancel()
        await asyncio.gather(late, *probes, return_exceptions=True)

    async def asker(self, person: Person) -> None:
        await asyncio.sleep(random.random() * self.job.spread)
        for _ in range(self.job.answers):
            self.outcome.asked += 1
            seen = await self.question(person, self.job.plan)
            if seen is not None:
                self.outcome.add(seen)

    async def watch_lateness(self) -> None:
        late: list[float] = []
        with suppress(asyncio.CancelledError):
            while True:
                before = time.monotonic()
                await asyncio.sleep(0.01)
                late.append((time.monotonic() - before - 0.01) * 1000)
        self.outcome.own_late_ms = sorted(late)[len(late) * 99 // 100] if late else 0.0

    def probes(self) -> list[Coroutine[Any, Any, None]]:
        if not self.job.probe:
            return []
        pages = [self.pages()] if self.job.probe == "pages" else []
        return pages + ([self.pings()] if self.job.kind == "ours" else [])

    async def pages(self) -> None:
        """The first page at a steady rate, each request on its own: a slow one holds none up."""
        cookies = getattr(self.people[0], "cookies", None)
        under_way = set()

        async def one() -> None:
            began = time.monotonic()
            with suppress(*TROUBLE):
                await fetch(self.ports[0], "/", headers=cookies)
                self.outcome.pages_ms.append((time.monotonic() - began) * 1000)

        while True:
            task = asyncio.create_task(one())
            under_way.add(task)
            task.add_done_callback(under_way.discard)
            await asyncio.sleep(1 / PROBES_A_SECOND)

    async def pings(self) -> None:
        """`ping` is answered on the server's event loop: how long it takes is how late that is."""
        began = 0.0

        def heard(message: bytes) -> None:
            if b"pong" in message:
                self.outcome.pongs_ms.append((time.monotonic() - began) * 1000)

        cookies = getattr(self.people[0], "cookies", None)
        socket = await connect(self.ports[0], "/ws/", heard, cookies)
        try:
            while True:
                began = time.monotonic()
                socket.send(b'{"ping": 1}')
                await asyncio.sleep(1 / PROBES_A_SECOND)
        finally:
            socket.close()

    def close(self) -> None:
        for person in self.people:
            person.close()


def job(line: str) -> Job:
    values = json.loads(line)
    return Job(**{**values, "plan": Plan(**values["plan"])})


async def main() -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(job(sys.stdin.readline()))
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        await {"open": crowd.open, "warm": crowd.warm, "ask": crowd.ask}[line]()
        print(json.dumps(asdict(crowd.outcome)), flush=True)
    crowd.close()


if __name__ == "__main__":
    asyncio.run(main())
