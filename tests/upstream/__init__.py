"""A scripted chat-completions server on loopback, the double of every model server and of the Hub.

In a test: `async with Upstream() as up:`, or `with UpstreamThread() as up:` without a loop. As a
process: `python -m tests.upstream --port 0`, steered by the endpoints in `control`.
"""

from tests.upstream.record import Request
from tests.upstream.script import (
    Cut,
    Delay,
    Delta,
    Done,
    End,
    Finish,
    Frame,
    Gate,
    Open,
    Raw,
    Repeat,
    Respond,
    Script,
    Stall,
    Usage,
    answer,
    script,
)
from tests.upstream.server import Upstream
from tests.upstream.thread import UpstreamThread
from tests.upstream.wire import closed_port

__all__ = [
    "Cut",
    "Delay",
    "Delta",
    "Done",
    "End",
    "Finish",
    "Frame",
    "Gate",
    "Open",
    "Raw",
    "Repeat",
    "Request",
    "Respond",
    "Script",
    "Stall",
    "Upstream",
    "UpstreamThread",
    "Usage",
    "answer",
    "closed_port",
    "script",
]
