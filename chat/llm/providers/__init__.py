"""The edge to model servers: one async generator, `stream`, and the values it takes and yields.

The only import of huggingface_hub in the project. No exception of it, or of its HTTP library,
leaves here.
"""

from chat.llm.providers.capabilities import can_serve
from chat.llm.providers.http_transport import hang_up
from chat.llm.providers.streaming import stream
from chat.llm.providers.text import has_visible
from chat.llm.providers.types import (
    Caps,
    ChatRequest,
    ChatTurn,
    Deadlines,
    Endpoint,
    Finish,
    Item,
    Piece,
    Retry,
    Sampling,
    Waiting,
)

__all__ = [
    "Caps",
    "ChatRequest",
    "ChatTurn",
    "Deadlines",
    "Endpoint",
    "Finish",
    "Item",
    "Piece",
    "Retry",
    "Sampling",
    "Waiting",
    "can_serve",
    "hang_up",
    "has_visible",
    "stream",
]
