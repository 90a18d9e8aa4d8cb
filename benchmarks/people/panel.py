"""A person of Panel: Bokeh's document protocol on a websocket.

A message is three texts: header, metadata, content (docs.bokeh.org, "Bokeh protocol"). The page
asks by an event of its chat input; the document's patches bring the answer.
"""

import asyncio
import json
import re
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.seen import Seen
from benchmarks.texts import Plan
from benchmarks.wire import RefusedError, Socket, connect, fetch

TOKEN = re.compile(rb'"token":"([^"]+)"')
APP = "/panel_app"
FREE = b'"disabled_enter"'


@dataclass(eq=False)
class Panel:
    port: int
    patience: float = 60.0
    socket: Socket | None = None
    pulled: asyncio.Event = field(default_factory=asyncio.Event)
    document: bytes = b""
    input_id: str = ""
    kind: str = ""
    marks: int = 1
    free: bool = False
    seen: Seen = field(default_factory=Seen)

    async def open(self) -> None:
        page = await fetch(self.port, APP)
        found = TOKEN.search(page.body)
        if found is None:
            raise RefusedError("no token in Panel's page")
        protocols = {"Sec-WebSocket-Protocol": f"bokeh, {found[1].decode()}"}
        self.socket = await connect(self.port, f"{APP}/ws", self.heard, protocols)
        async with asyncio.timeout(20):
            await self.pulled.wait()
        self.input_id = chat_input(json.loads(self.document))

    def send(self, kind: str, content: object) -> None:
        assert self.socket is not None
        for part in ({"msgid": uuid4().hex, "msgtype": kind}, {}, content):
            self.socket.send(json.dumps(part).encode())

    async def ask(self, question: str) -> Seen:
        self.seen, self.marks = Seen(), Plan.asked(question.encode(), Plan()).marks()
        self.free = False
        model = {"id": self.input_id}
        value = {"type": "map", "entries": [["model", model], ["value", question]]}
        data = {"type": "event", "name": "chat_message_event", "values": value}
        event = {"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": data}
        self.send("PATCH-DOC", {"events": [event]})
        return await self.seen.end(self.patience)

    def heard(self, message: bytes) -> None:
        if b'"msgtype"' in message[:200]:
            self.kind = message.decode()
            if '"ACK"' in self.kind:  # what comes before it breaks the server's session
                self.send("PULL-DOC-REQ", {})
        elif "PULL-DOC-REPLY" in self.kind and len(message) > 2:
            self.document = message
            self.pulled.set()
        else:
            self.seen.read(message)
            self.free = self.free or (FREE in message and b'"new":false' in message)
            # The input may be free again before the text has come, or the other way about.
            if self.free and len(self.seen.lags_ms) >= self.marks:
                self.seen.finish()

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def chat_input(document: object) -> str:
    """The id of the chat input, wherever it stands in the document."""
    if isinstance(document, dict):
        if str(document.get("name", "")).endswith("ChatAreaInput") and "id" in document:
            return str(document["id"])
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            if found := chat_input(part):
                return found
    return ""
