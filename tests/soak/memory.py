"""Memory of the web process over many answers and reconnects.

`python -m tests.soak.memory 1000` prints, after each hundred answers with a reconnect each, the
resident memory of the process and what else it holds. `--trace` also says where memory came from,
and makes all of it slower and larger.
"""

import asyncio
import json
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from tests.failure_injection.database import own_database
from tests.fake_llm import UpstreamThread
from tests.support.frames import html_of
from tests.support.people import Person, last_status, signed_up
from tests.support.site import Site, prepared_database

PEOPLE = 10
# Answers of one conversation, so that each page costs about the same.
ANSWERS_EACH = 5
WATCHED = {"DJANGO_SETTINGS_MODULE": "tests.soak.watched"}


@dataclass
class Visitor:
    """Asks, looks at the beginning of the answer, leaves, comes back and sees it end."""

    person: Person
    http: httpx2.AsyncClient
    conversation: UUID | None = None
    asked: int = 0

    async def ask(self, words: int) -> UUID:
        fields = {"client_id": str(uuid4()), "text": f"words={words}"}
        home = None if self.asked % ANSWERS_EACH == 0 else self.conversation
        self.asked += 1
        answer = await self.http.post(f"/c/{home}/send/" if home else "/c/", data=fields)
        assert answer.status_code in (200, 204), answer.text
        if home is None:
            self.conversation = UUID(answer.headers["HX-Push-Url"].split("/")[2])
        assert self.conversation is not None
        return self.conversation

    def socket(self, key: UUID) -> connect:
        return connect(
            f"{self.person.url.replace('http', 'ws', 1)}/ws/c/{key}/?again=1",
            origin=Origin(self.person.url),
            additional_headers={"Cookie": f"chat_session={self.person.session}"},
            proxy=None,
            max_size=None,
        )

    async def chat(self, answers: int, words: int) -> None:
        for _ in range(answers):
            key = await self.ask(words)
            async with self.socket(key) as wire:
                await acknowledged(wire)
            async with asyncio.timeout(30), self.socket(key) as wire:
                while last_status(await acknowledged(wire)) != "complete":
                    pass


async def acknowledged(wire: ClientConnection) -> str:
    """The HTML of the next frame, which is then acknowledged."""
    frame = json.loads(await wire.recv())
    await wire.send(json.dumps({"ack": frame["seq"]}))
    return html_of(frame)


def visitor(person: Person) -> Visitor:
    headers = {"X-CSRFToken": person.http.cookies["chat_csrf"], "Origin": person.url}
    headers["HX-Request"] = "true"
    cookies = {one.name: str(one.value) for one in person.http.cookies.jar}
    return Visitor(
        person,
        httpx2.AsyncClient(
            base_url=person.url, headers=headers, cookies=cookies, trust_env=False, timeout=30
        ),
    )


async def crowd(people: list[Person], answers: int, words: int) -> None:
    """So many answers, and as many reconnects, shared by these people."""
    visitors = [visitor(person) for person in people]
    await asyncio.gather(*(one.chat(answers // len(people), words) for one in visitors))
    for one in visitors:
        await one.http.aclose()


def held(site: Site, seconds: float = 20) -> dict[str, Any]:
    """What the process holds once nobody is connected and nothing is written any more."""
    until = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = httpx2.get(f"{site.url}/counts", trust_env=False, timeout=30).json()
        kinds = found["objects"]
        left = kinds.get("core.server.websocket.BoundedProtocol", 0) + found["registries"]["jobs"]
        if not left or time.monotonic() > until:
            return found
        time.sleep(0.2)


def told(done: int, found: dict[str, Any]) -> None:
    kinds = ", ".join(f"{name} {count}" for name, count in found["registries"].items())
    total = sum(found["objects"].values())
    print(
        f"{done:5} answers: {found['rss'] / 1e6:6.1f} MB, {found['files']} files, "
        f"{total} objects of ours; {kinds}",
        flush=True,
    )


def grown(site: Site) -> list[dict[str, Any]]:
    found = httpx2.get(f"{site.url}/grown", trust_env=False, timeout=120).json()
    return list(found["lines"])


def differing(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """What there is more of, most first."""
    more = {name: count - before.get(name, 0) for name, count in after.items()}
    return dict(sorted(((n, c) for n, c in more.items() if c > 0), key=lambda item: -item[1]))


def run(site: Site, answers: int, trace: bool, words: int = 30) -> None:
    people = [signed_up(site.url, f"memory{number}@example.org") for number in range(PEOPLE)]
    first = None
    for done in range(100, answers + 1, 100):
        asyncio.run(crowd(people, 100, words))
        found = held(site)
        told(done, found)
        if trace:
            for line in grown(site):
                print("   ", line["bytes"], line["count"], *line["at"], sep="\n      ")
        first = first or found
    assert first is not None
    print(f"after the first hundred: {(found['rss'] - first['rss']) / 1e6:+.1f} MB")
    print("more objects:", differing(first["objects"], found["objects"]))
    print("of all kinds:", differing(first["all"], found["all"]))
    for person in people:
        person.http.close()


def main(answers: int, trace: bool) -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chat-memory-")))
        database = stack.enter_context(own_database(folder))
        upstream = stack.enter_context(UpstreamThread(delay=0.005))
        values = prepared_database(database.url("chat"), folder / "site") | WATCHED
        values |= {"INFERENCE_BASE_URL": upstream.base_url}
        run(stack.enter_context(Site(values)), answers, trace)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    main(numbers[0] if numbers else 1000, "--trace" in sys.argv)
