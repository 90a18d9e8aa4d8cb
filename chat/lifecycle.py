"""Startup and shutdown of the chat in a web process."""

from chat.llm.providers import close_idle_connections
from chat.realtime.connection_registry import RESTARTING, connections
from chat.streaming.run_manager import runs


def startup() -> None:
    """Start the background clocks; the first sweep ends runs that a killed process left behind."""
    runs.startup()


async def drain() -> None:
    """Shut down: send pages to another process, and let answers finish.

    Answers that take too long are marked as interrupted.
    """
    runs.is_draining = True
    connections.close_all(RESTARTING)
    await runs.drain()
    await close_idle_connections()
