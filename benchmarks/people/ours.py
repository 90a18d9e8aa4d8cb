"""A signed-in person of this product: commands over HTTP, acknowledged frames over a websocket.

docs/protocol.md describes both.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import urlencode
from uuid import uuid4

from benchmarks.seen import SeenAnswer
from benchmarks.wire import RefusedError, Reply, Socket, connect, fetch

CSRF = "a" * 32
CONVERSATION = re.compile(rb"HX-Push-Url: (/c/[0-9a-f-]+/)", re.IGNORECASE)
SEQ = re.compile(rb'"seq": ?(\d+)')


@dataclass(eq=False)
class Ours:
    """A person; `session` is the session key."""

    port: int
    session: str
    timeout: float = 60.0
    path: str = ""
    socket: Socket | None = None
    seen: SeenAnswer = field(default_factory=SeenAnswer)

    @property
    def cookies(self) -> dict[str, str]:
        return {"Cookie": f"chat_session={self.session}; chat_csrf={CSRF}"}

    async def open(self) -> None:
        await fetch(self.port, "/", headers=self.cookies)
        await self.listen("/ws/")

    async def listen(self, address: str) -> None:
        self.close()
        self.socket = await connect(self.port, address, self.on_message, self.cookies)

    async def ask(self, question: str) -> SeenAnswer:
        """Ask; the first question creates the conversation of the later ones, as on the page."""
        self.seen = SeenAnswer()
        if self.path:
            await self.post(f"{self.path}send/", question)
        else:
            match = CONVERSATION.search((await self.post("/c/", question)).head)
            if match is None:
                raise RefusedError("no address of a conversation")
            self.path = match[1].decode()
            await self.listen(f"/ws{self.path}?at=1")
        return await self.seen.wait_until_done(self.timeout)

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

    def on_message(self, message: bytes) -> None:
        self.seen.read(message)
        match = SEQ.search(message)
        if match is not None and self.socket is not None:
            self.socket.send(b'{"ack":%s}' % match[1])
        if self.seen.lags_ms and is_end_of_answer(message):
            self.seen.finish()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def is_end_of_answer(message: bytes) -> bool:
    """Return whether this frame contains the final message and none that is still being written."""
    return (
        b'"thread"' in message
        and b'data-status=\\"complete\\"' in message
        and b'data-status=\\"streaming\\"' not in message
        and b'data-status=\\"pending\\"' not in message
    )
