"""A person of Panel: Bokeh's document protocol on a websocket.

A message has three parts: header, metadata, content (docs.bokeh.org, "Bokeh protocol"). The page
asks with an event of its chat input, and patches of the document contain the answer.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.seen import SeenAnswer
from benchmarks.texts import Plan
from benchmarks.wire import RefusedError, Socket, connect, fetch

TOKEN = re.compile(rb'"token":"([^"]+)"')
APP = "/panel_app"
INPUT_ENABLED = b'"disabled_enter"'


@dataclass(eq=False)
class Panel:
    port: int
    timeout: float = 60.0
    socket: Socket | None = None
    pulled: asyncio.Event = field(default_factory=asyncio.Event)
    document: bytes = b""
    input_id: str = ""
    kind: str = ""
    marks: int = 1
    is_enabled: bool = False
    seen: SeenAnswer = field(default_factory=SeenAnswer)

    async def open(self) -> None:
        page = await fetch(self.port, APP)
        match = TOKEN.search(page.body)
        if match is None:
            raise RefusedError("no token in Panel's page")
        protocols = {"Sec-WebSocket-Protocol": f"bokeh, {match[1].decode()}"}
        self.socket = await connect(self.port, f"{APP}/ws", self.on_message, protocols)
        async with asyncio.timeout(20):
            await self.pulled.wait()
        self.input_id = find_chat_input(json.loads(self.document))

    def send(self, kind: str, content: object) -> None:
        assert self.socket is not None
        for part in ({"msgid": uuid4().hex, "msgtype": kind}, {}, content):
            self.socket.send(json.dumps(part).encode())

    async def ask(self, question: str) -> SeenAnswer:
        self.seen, self.marks = SeenAnswer(), Plan.parse(question.encode(), Plan()).marks()
        self.is_enabled = False
        model = {"id": self.input_id}
        value = {"type": "map", "entries": [["model", model], ["value", question]]}
        data = {"type": "event", "name": "chat_message_event", "values": value}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": data}
        self.send("PATCH-DOC", {"events": [event]})
        return await self.seen.wait_until_done(self.timeout)

    def on_message(self, message: bytes) -> None:
        if b'"msgtype"' in message[:200]:
            self.kind = message.decode()
            if '"ACK"' in self.kind:  # a message sent earlier would break the server's session
                self.send("PULL-DOC-REQ", {})
        elif "PULL-DOC-REPLY" in self.kind and len(message) > 2:
            self.document = message
            self.pulled.set()
        else:
            self.seen.read(message)
            self.is_enabled = self.is_enabled or (
                INPUT_ENABLED in message and b'"new":false' in message
            )
            # The input may be enabled before or after the last text arrives.
            if self.is_enabled and len(self.seen.lags_ms) >= self.marks:
                self.seen.finish()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def find_chat_input(document: object) -> str:
    """Return the id of the chat input in a document, "" if there is none."""
    if isinstance(document, dict):
        if str(document.get("name", "")).endswith("ChatAreaInput") and "id" in document:
            return str(document["id"])
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            if input_id := find_chat_input(part):
                return input_id
    return ""
