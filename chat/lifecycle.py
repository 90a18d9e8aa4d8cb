"""Startup and shutdown of the chat in a web process."""

import asyncio
from contextlib import suppress
from typing import Any

from chat.llm.providers import close_idle_connections
from chat.realtime.connection_registry import RESTARTING, connections
from chat.streaming.model_discovery import START_SECONDS, model_discovery
from chat.streaming.run_manager import runs


def startup() -> None:
    """Start the background clocks; the first sweep ends runs that a killed process left behind."""
    runs.startup()


async def discover_models() -> None:
    """Ask model servers for their models; wait a little for the one in the environment."""
    runs.tasks.start(model_discovery.run())
    with suppress(TimeoutError):
        async with asyncio.timeout(START_SECONDS):
            await model_discovery.is_attempted.wait()


async def drain() -> None:
    """Shut down: send pages to another process, and let answers finish.

    Answers that take too long are marked as interrupted.
    """
    runs.is_draining = True
    connections.close_all(RESTARTING)
    await runs.drain()
    await close_idle_connections()


async def lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Start and drain with the server: the ASGI application for the scope "lifespan"."""
    await receive()
    startup()
    await discover_models()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await drain()
    await send({"type": "lifespan.shutdown.complete"})
