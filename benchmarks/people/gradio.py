"""A person of Gradio: the queue's protocol (`sse_v3`), a POST and a stream of events.

Calls the chat's own function, as Gradio's Python client does. The real page sends three more events
before it, which delays its first token further.
"""

import json
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.seen import SeenAnswer
from benchmarks.wire import fetch, stream

API = "/gradio_api"


@dataclass(eq=False)
class Gradio:
    port: int
    timeout: float = 60.0
    function: int = -1
    session: str = field(default_factory=lambda: uuid4().hex[:11])

    async def open(self) -> None:
        """Load the page; Gradio opens no connection before the first question."""
        await fetch(self.port, "/")
        reply = await fetch(self.port, "/config")
        config = json.loads(reply.body[reply.body.index(b"{") : reply.body.rindex(b"}") + 1])
        (self.function,) = (
            function["id"]
            for function in config["dependencies"]
            if function["api_name"] in ("answer", "chat")
        )

    async def ask(self, question: str) -> SeenAnswer:
        seen = SeenAnswer()
        event = {
            "data": [question, None],
            "fn_index": self.function,
            "session_hash": self.session,
            "event_data": None,
            "trigger_id": None,
        }
        headers = {"Content-Type": "application/json"}
        body = json.dumps(event).encode()
        await fetch(self.port, f"{API}/queue/join", method="POST", headers=headers, body=body)
        async for data in stream(self.port, f"{API}/queue/data?session_hash={self.session}"):
            # The last event repeats the whole answer.
            seen.read(data)
            if b"process_completed" in data:
                seen.finish()
            if seen.complete and b"close_stream" in data:
                break
        return seen

    def close(self) -> None:
        pass
