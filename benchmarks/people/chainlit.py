"""A person of Chainlit: Engine.IO 4 and Socket.IO 5 on a websocket, one packet for each token."""

import asyncio
import json
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.seen import SeenAnswer
from benchmarks.wire import RefusedError, Socket, connect, fetch

PATH = "/ws/socket.io/?EIO=4&transport=websocket"


@dataclass(eq=False)
class Chainlit:
    port: int
    timeout: float = 60.0
    socket: Socket | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    seen: SeenAnswer = field(default_factory=SeenAnswer)

    async def open(self) -> None:
        await fetch(self.port, "/")
        self.socket = await connect(self.port, PATH, self.on_message)
        auth = {"clientType": "webapp", "sessionId": str(uuid4()), "userEnv": "{}"}
        self.socket.send(b"40" + json.dumps(auth).encode())
        async with asyncio.timeout(20):
            await self.ready.wait()

    async def ask(self, question: str) -> SeenAnswer:
        if self.socket is None or self.socket.ended.is_set():
            raise RefusedError("Chainlit's socket has closed")
        self.seen = SeenAnswer()
        message = {
            "id": str(uuid4()),
            "threadId": "",
            "name": "user",
            "type": "user_message",
            "output": question,
            "createdAt": "2026-01-01T00:00:00.000Z",
        }
        self.emit("client_message", {"message": message, "fileReferences": []})
        return await self.seen.wait_until_done(self.timeout)

    def emit(self, *event: object) -> None:
        assert self.socket is not None
        self.socket.send(b"42" + json.dumps(event).encode())

    def on_message(self, packet: bytes) -> None:
        assert self.socket is not None
        if packet == b"2":
            self.socket.send(b"3")
        elif packet.startswith(b"40"):
            self.emit("connection_successful")
            self.ready.set()
        elif packet.startswith(b"42"):
            self.seen.read(packet)
            # The end of the task; the one after connecting has no marks.
            if packet.startswith(b'42["task_end"') and self.seen.lags_ms:
                self.seen.finish()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
