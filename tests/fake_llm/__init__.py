"""A scripted chat-completions server on loopback, the double of every model server and of the Hub.

In a test: `async with Upstream() as up:`, or `with UpstreamThread() as up:` without a loop. As a
process: `python -m tests.fake_llm --port 0`, steered by the endpoints in `control`.
"""

from tests.fake_llm.record import Request
from tests.fake_llm.script import (
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
from tests.fake_llm.server import Upstream
from tests.fake_llm.thread import UpstreamThread
from tests.fake_llm.wire import closed_port

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
