"""A person of Gradio: the queue's protocol (`sse_v3`), a POST and a stream of events.

The chat's own function is asked for, as Gradio's client for Python does; the page sends three
more events before it, so that the real page adds more time to the first token.
"""

import json
from dataclasses import dataclass, field
from uuid import uuid4

from benchmarks.seen import Seen
from benchmarks.wire import fetch, stream

API = "/gradio_api"


@dataclass(eq=False)
class Gradio:
    port: int
    patience: float = 60.0
    function: int = -1
    session: str = field(default_factory=lambda: uuid4().hex[:11])

    async def open(self) -> None:
        """A page of Gradio holds no connection while nothing is asked."""
        await fetch(self.port, "/")
        reply = await fetch(self.port, "/config")
        config = json.loads(reply.body[reply.body.index(b"{") : reply.body.rindex(b"}") + 1])
        (self.function,) = (
            one["id"] for one in config["dependencies"] if one["api_name"] in ("answer", "chat")
        )

    async def ask(self, question: str) -> Seen:
        seen = Seen()
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
            # The last event holds the whole answer again.
            seen.read(data)
            if b"process_completed" in data:
                seen.finish()
            if seen.complete and b"close_stream" in data:
                break
        return seen

    def close(self) -> None:
        pass
