"""Two web processes, Valkey and PostgreSQL that break again and again while people chat."""

import asyncio
import random
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg

from tests.failure_injection.database import Database, own_database
from tests.fake_llm import UpstreamThread
from tests.soak.crowd import Chatter
from tests.support.people import signed_up
from tests.support.site import Site, prepared_database
from tests.support.valkey import Valkey

# Seconds after the storm in which everything has to be calm again.
CALM = 30.0


@dataclass
class Report:
    """What came of it; every list of trouble has to be empty."""

    questions: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    events: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    mixed: list[str] = field(default_factory=list)
    unequal: list[str] = field(default_factory=list)
    live: int = 0
    calm_after: float = 0.0
    reconnects: int = 0


@dataclass
class World:
    sites: list[Site]
    valkey: Valkey
    database: Database
    report: Report
    away: float

    async def storm(self, seconds: float) -> None:
        """Each event once, and then any of them until the time is over; PostgreSQL only once."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        any_of = (self.kill, self.drain, self.lose_valkey)
        works = [self.kill, self.lose_valkey, self.restart_database, self.drain]
        while works or loop.time() < until:
            work = works.pop(0) if works else random.choice(any_of)
            await asyncio.to_thread(work)
            await asyncio.sleep(random.uniform(0.2, 1.5))

    def kill(self) -> None:
        self.report.events.append("kill -9")
        site = random.choice(self.sites)
        site.kill()
        site.start()

    def drain(self) -> None:
        self.report.events.append("drain")
        site = random.choice(self.sites)
        site.terminate()
        site.start()

    def lose_valkey(self) -> None:
        self.report.events.append("valkey")
        self.valkey.kill()
        time.sleep(0.5)
        self.valkey.start()

    def restart_database(self) -> None:
        self.report.events.append("postgres")
        self.database.take_away(signal.SIGINT)
        time.sleep(self.away)
        self.database.bring_back()


class Row(NamedTuple):
    """A message as the database has it."""

    id: UUID
    parent_id: UUID | None
    conversation_id: UUID
    role: str
    status: str
    text: str


ROWS = f"SELECT {', '.join(Row._fields)} FROM chat_message ORDER BY seq"  # noqa: S608 (our own)


def rows(database: Database) -> list[Row]:
    with psycopg.connect(host=database.socket_folder, user="postgres", dbname="chat") as connection:
        return [Row(*row) for row in connection.execute(ROWS)]


def asked_by(answer: Row, by_id: dict[UUID, Row]) -> str:
    """The text that the model server took as the question: it obeys the beginning of the last turn,
    and questions whose answers stayed empty are sent as one turn."""
    assert answer.parent_id is not None
    question = by_id[answer.parent_id]
    while question.parent_id is not None and not by_id[question.parent_id].text:
        before = by_id[question.parent_id].parent_id
        assert before is not None
        question = by_id[before]
    return question.text


def words_in(question: str) -> int:
    return int(question.split("=")[1].split()[0])


async def calm(database: Database, report: Report) -> None:
    """Until no answer is being written any more, or for `CALM` seconds."""
    began = time.monotonic()
    while time.monotonic() - began < CALM:
        found = await asyncio.to_thread(rows, database)
        report.live = sum(row.status in ("pending", "streaming") for row in found)
        if not report.live:
            break
        await asyncio.sleep(0.3)
    report.calm_after = time.monotonic() - began


def judge(database: Database, people: list[Chatter], report: Report) -> None:
    found = rows(database)
    by_id = {row.id: row for row in found}
    asked = {row.text for row in found if row.role == "user"}
    for person in people:
        report.questions += len(person.asked)
        report.lost += [text for text in person.asked if text not in asked]
        report.reconnects += person.reconnects
    for row in (row for row in found if row.role == "assistant"):
        report.answers[row.status] = report.answers.get(row.status, 0) + 1
        question, words = asked_by(row, by_id), len(row.text.split())
        if row.status == "complete" and words != words_in(question):
            report.mixed.append(f"{question}: {words} words")
    homes: dict[str, set[object]] = {}
    for row in (row for row in found if row.role == "user"):
        person_of_it = row.text.split(" for ")[1].split("-")[0]
        homes.setdefault(person_of_it, set()).add(row.conversation_id)
    report.mixed += [f"person {number}" for number, keys in homes.items() if len(keys) != 1]


async def compare(people: list[Chatter], report: Report) -> None:
    """Every open page shows its last answer as the database has it."""
    until = time.monotonic() + 10
    unequal: list[str] = []
    while time.monotonic() < until:
        unequal = [f"person {one.number}" for one in people if not await up_to_date(one)]
        if not unequal:
            break
        await asyncio.sleep(0.5)
    report.unequal = unequal


async def up_to_date(one: Chatter) -> bool:
    assert one.conversation is not None
    page = await asyncio.to_thread(one.person.page, one.conversation)
    version = page.split('id="thread-version" value="')[1].split('"')[0]
    return f'id="thread-version" value="{version}"' in one.shown


async def live(world: World, people: list[Chatter], seconds: float, words: int) -> None:
    over = asyncio.Event()
    pages = [asyncio.create_task(one.page()) for one in people]
    chats = [asyncio.create_task(one.chat(over, words)) for one in people]
    await world.storm(seconds)
    over.set()
    await asyncio.gather(*chats)
    await calm(world.database, world.report)
    await compare(people, world.report)
    for page in pages:
        page.cancel()
    await asyncio.gather(*pages, return_exceptions=True)


def run(
    people: int = 20,
    seconds: float = 24,
    words: int = 60,
    delay: float = 0.03,
    away: float = 0.0,
) -> Report:
    """A storm of that many seconds; `delay` is seconds between words of the model, `away` how long
    PostgreSQL is gone."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-chaos-")))
        database = stack.enter_context(own_database(folder))
        valkey = stack.enter_context(Valkey())
        upstream = stack.enter_context(UpstreamThread(delay=delay))
        values = prepared_database(database.url("chat"), folder / "site") | {
            "INFERENCE_BASE_URL": upstream.base_url,
            "REDIS_URL": valkey.url,
            "DRAIN_SECONDS": "5",
            "DJANGO_SETTINGS_MODULE": "tests.soak.settings",
        }
        sites = [stack.enter_context(Site(values)) for _ in range(2)]
        report = Report()
        urls = [site.url for site in sites]
        crowd = [
            Chatter(signed_up(urls[0], f"chaos{number}@example.org"), urls, number)
            for number in range(people)
        ]
        asyncio.run(live(World(sites, valkey, database, report, away), crowd, seconds, words))
        judge(database, crowd, report)
        for one in crowd:
            one.person.http.close()
        return report


if __name__ == "__main__":
    began = time.monotonic()
    made = run(seconds=float(sys.argv[1]) if len(sys.argv) > 1 else 180, words=200, away=30)
    print(f"{time.monotonic() - began:.0f} s", made)
    sys.exit(bool(made.lost or made.mixed or made.unequal or made.live))
