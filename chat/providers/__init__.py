"""The edge to model servers: one async generator, `stream`, and the values it takes and yields.

The only import of huggingface_hub in the project. No exception of it, or of its HTTP library,
leaves here.
"""

from chat.providers.capabilities import can_serve
from chat.providers.streaming import stream
from chat.providers.text import has_visible
from chat.providers.values import (
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
from chat.providers.wire import hang_up

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
