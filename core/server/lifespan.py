"""Send the application the ASGI lifespan events, which daphne does not send.

https://asgi.readthedocs.io/en/latest/specs/lifespan.html
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Message = dict[str, Any]
Application = Callable[..., Awaitable[None]]


class Lifespan:
    """The lifespan of one application, from `startup` to `shutdown`."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.events: asyncio.Queue[Message] = asyncio.Queue()
        self.replies: asyncio.Queue[Message] = asyncio.Queue()
        self.task: asyncio.Task[None] | None = None

    async def startup(self) -> None:
        """Start the application; raises its exception, or RuntimeError if it cannot start."""
        self.task = asyncio.create_task(self.run())
        await self.request("lifespan.startup")

    async def shutdown(self) -> None:
        """Let the application finish; returns at once if it was never started."""
        if self.task is not None and not self.task.done():
            await self.request("lifespan.shutdown")

    async def run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}}
        await self.application(scope, self.events.get, self.replies.put)

    async def request(self, event: str) -> None:
        """Send an event, and wait until the application replies or ends."""
        assert self.task is not None  # noqa: S101
        self.events.put_nowait({"type": event})
        reply = asyncio.create_task(self.replies.get())
        try:
            await asyncio.wait({self.task, reply}, return_when=asyncio.FIRST_COMPLETED)
            if not reply.done():
                self.task.result()  # raises what ended the application
                raise RuntimeError(f"the application ended without a reply to {event}")
            if reply.result()["type"] != f"{event}.complete":
                raise RuntimeError(f"{event} failed: {reply.result().get('message', '')}")
        finally:
            reply.cancel()
