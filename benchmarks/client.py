"""People without a browser: they ask over HTTP, listen on the socket and acknowledge each frame."""

import asyncio
import json
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

from websockets.asyncio.client import connect
from websockets.typing import Origin

MARK = re.compile(r"t(\d{6,})")
CONVERSATION = re.compile(rb"HX-Push-Url: (/c/[0-9a-f-]+/)", re.IGNORECASE)


@dataclass
class Seen:
    """What one person saw. Times are in milliseconds."""

    first_ms: float = 0.0
    lags_ms: list[float] = field(default_factory=list)
    frames: int = 0
    bytes: int = 0
    complete: bool = False


@dataclass(frozen=True)
class Visitor:
    """A signed-in person: `cookies` is the header of the session and the CSRF token."""

    port: int
    cookies: str
    csrf: str
    patience: float = 120.0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ask(self, question: str) -> Seen:
        """One question in a new conversation, followed to the end of its answer."""
        seen = Seen()
        began = time.monotonic()
        path = await self.start(question)
        address = f"ws://127.0.0.1:{self.port}/ws{path}?at=1"
        headers = {"Cookie": self.cookies}
        async with connect(
            address, origin=Origin(self.origin), additional_headers=headers, max_size=None
        ) as socket:
            # An answer that never ends is counted as incomplete.
            with suppress(TimeoutError):
                async with asyncio.timeout(self.patience):
                    async for text in socket:
                        await self.take(socket, str(text), seen, began)
                        if seen.complete:
                            return seen
        return seen

    async def take(self, socket: object, text: str, seen: Seen, began: float) -> None:
        now = time.monotonic()
        seen.frames += 1
        seen.bytes += len(text.encode())
        frame = json.loads(text)
        marks = MARK.findall(frame["content"])
        if frame["event"] == "answer" and marks:
            seen.first_ms = seen.first_ms or (now - began) * 1000
            seen.lags_ms += [now * 1000 - int(mark) for mark in marks]
        seen.complete = 'data-status="complete"' in frame["content"] and frame["event"] == "thread"
        await socket.send(json.dumps({"ack": frame["seq"]}))  # type: ignore[attr-defined]

    async def start(self, question: str) -> str:
        body = urlencode({"client_id": str(uuid4()), "text": question}).encode()
        head = (
            f"POST /c/ HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nOrigin: {self.origin}\r\n"
            f"Cookie: {self.cookies}\r\nX-CSRFToken: {self.csrf}\r\nHX-Request: true\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(head.encode() + body)
        answer = await reader.read()
        writer.close()
        found = CONVERSATION.search(answer)
        if found is None:
            raise RuntimeError(f"refused: {answer[:200]!r}")
        return found.group(1).decode()
