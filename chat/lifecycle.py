"""What the web process does when it begins and before it goes."""

from chat.llm.providers import close_idle_connections
from chat.realtime.connection_registry import RESTARTING, connections
from chat.streaming.run_manager import runs


def startup() -> None:
    """Start the clocks; the first sweep ends what a killed process left."""
    runs.startup()


async def drain() -> None:
    """Send the pages elsewhere, let answers finish, mark the rest."""
    runs.is_draining = True
    connections.close_all(RESTARTING)
    await runs.drain()
    await close_idle_connections()
