"""The edge to model servers: one async generator, `stream`, and the values it takes and yields.

The only import of huggingface_hub in the project. No exception of it, or of its HTTP library,
leaves here.
"""

from chat.llm.providers.capabilities import unsupported_reason
from chat.llm.providers.http_transport import close_idle_connections
from chat.llm.providers.streaming import stream
from chat.llm.providers.types import (
    ChatRequest,
    ChatTurn,
    Deadlines,
    Endpoint,
    Finish,
    Item,
    Limits,
    Retry,
    Sampling,
    TextDelta,
    Waiting,
)

__all__ = [
    "ChatRequest",
    "ChatTurn",
    "Deadlines",
    "Endpoint",
    "Finish",
    "Item",
    "Limits",
    "Retry",
    "Sampling",
    "TextDelta",
    "Waiting",
    "close_idle_connections",
    "stream",
    "unsupported_reason",
]
