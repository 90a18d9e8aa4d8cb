"""A signed-in person of this product: commands by HTTP, frames by websocket, acknowledged.

docs/protocol.md describes both.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.seen import Seen
from benchmarks.wire import RefusedError, Reply, Socket, connect, fetch

CSRF = "a" * 32
CONVERSATION = re.compile(rb"HX-Push-Url: (/c/[0-9a-f-]+/)", re.IGNORECASE)
SEQ = re.compile(rb'"seq": ?(\d+)')


@dataclass(eq=False)
class Ours:
    """`session` is the key of the person's session."""

    port: int
    session: str
    patience: float = 60.0
    path: str = ""
    socket: Socket | None = None
    seen: Seen = field(default_factory=Seen)

    @property
    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"chat_session={self.session}; chat_csrf={CSRF}"}

    async def open(self) -> None:
        await fetch(self.port, "/", headers=self.cookies)
        await self.listen("/ws/")

    async def listen(self, address: str) -> None:
        self.close()
        self.socket = await connect(self.port, address, self.heard, self.cookies)

    async def ask(self, question: str) -> Seen:
        """The first question makes a conversation, as in the page; the next ones go on in it."""
        self.seen = Seen()
        if self.path:
            await self.post(f"{self.path}send/", question)
        else:
            found = CONVERSATION.search((await self.post("/c/", question)).head)
            if found is None:
                raise RefusedError("no address of a conversation")
            self.path = found[1].decode()
            await self.listen(f"/ws{self.path}?at=1")
        return await self.seen.end(self.patience)

    async def post(self, path: str, question: str) -> Reply:
        body = urlencode({"client_id": str(uuid4()), "text": question}).encode()
        headers = {
            **self.cookies,
            "Origin": f"http://127.0.0.1:{self.port}",
            "X-CSRFToken": CSRF,
            "HX-Request": "true",
            "Chat-Socket": "open",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await fetch(self.port, path, method="POST", headers=headers, body=body)

    def heard(self, message: bytes) -> None:
        self.seen.read(message)
        found = SEQ.search(message)
        if found is not None and self.socket is not None:
            self.socket.send(b'{"ack": %s}' % found[1])
        if self.seen.lags_ms and ends(message):
            self.seen.finish()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def ends(message: bytes) -> bool:
    """The frame that ends an answer brings its article; an earlier one may have come before."""
    return (
        b'"thread"' in message
        and b'data-status=\\"complete\\"' in message
        and b'data-status=\\"streaming\\"' not in message
        and b'data-status=\\"pending\\"' not in message
    )
