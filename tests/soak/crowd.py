"""People who chat while everything around them breaks, as their pages would."""

import asyncio
import json
import random
import re
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx2
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from tests.support.frames import html_of
from tests.support.people import Person

TRIES = 400
LIVE = re.compile(r'data-role="assistant" data-status="(?:pending|streaming)"')


@dataclass
class Chatter:
    """One person with one page; `asked` are the questions that were acknowledged."""

    person: Person
    sites: list[str]
    number: int
    asked: list[str] = field(default_factory=list)
    conversation: UUID | None = None
    shown: str = ""
    reconnects: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def cookies(self) -> dict[str, str]:
        return {one.name: str(one.value) for one in self.person.http.cookies.jar}

    async def post(self, path: str, **fields: str) -> httpx2.Response | None:
        """One attempt at any of the processes; None when nobody was there."""
        cookies = self.cookies
        url = random.choice(self.sites)
        headers = {"X-CSRFToken": cookies["chat_csrf"], "Origin": url}
        try:
            async with httpx2.AsyncClient(timeout=10, trust_env=False, cookies=cookies) as client:
                return await client.post(url + path, data=fields, headers=headers)
        except httpx2.TransportError:
            return None

    async def ask(self, words: int) -> None:
        """Send, and send the same again, until it is acknowledged: as a person would."""
        text = f"words={words} for {self.number}-{len(self.asked)}"
        key = str(uuid4())
        path = f"/c/{self.conversation}/send/" if self.conversation else "/c/"
        for _ in range(TRIES):
            answer = await self.post(path, client_id=key, text=text)
            if answer is not None and answer.status_code in (200, 204, 302):
                self.asked.append(text)
                if self.conversation is None:
                    self.conversation = UUID(answer.headers["Location"].split("/")[2])
                    self.gate.set()
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"{text} was never taken")

    async def page(self) -> None:
        """The page's socket: reconnects for ever, acknowledges, remembers what it shows last."""
        await self.gate.wait()
        headers = {"Cookie": f"chat_session={self.cookies['chat_session']}"}
        while True:
            url = random.choice(self.sites)
            path = f"{url.replace('http', 'ws', 1)}/ws/c/{self.conversation}/"
            with suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(
                    path, origin=Origin(url), additional_headers=headers, proxy=None, max_size=None
                ) as wire:
                    async for text in wire:
                        frame = json.loads(text)
                        if frame["event"] == "thread":
                            self.shown = html_of(frame)
                        await wire.send(json.dumps({"ack": frame["seq"]}))
            self.reconnects += 1
            await asyncio.sleep(random.uniform(0.1, 0.5))

    async def chat(self, over: asyncio.Event, words: int) -> None:
        while not over.is_set():
            await self.ask(random.randint(words // 2, words))
            await asyncio.sleep(random.uniform(0.2, 1.5))
            if random.random() < 0.15:
                await self.post(f"/c/{self.conversation}/stop/")
