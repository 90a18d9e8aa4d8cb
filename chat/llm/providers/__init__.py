"""Talk to model servers: one async generator, `stream`, with the values it takes and yields.

No other package imports huggingface_hub, and no exception of it or of its HTTP library leaves this
package.
"""

from chat.llm.providers.capabilities import unsupported_reason
from chat.llm.providers.connections import close_idle_connections
from chat.llm.providers.dialect import PLAIN, Dialect
from chat.llm.providers.streaming import Learned, stream
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
    ThoughtDelta,
    Waiting,
)

__all__ = [
    "PLAIN",
    "ChatRequest",
    "ChatTurn",
    "Deadlines",
    "Dialect",
    "Endpoint",
    "Finish",
    "Item",
    "Learned",
    "Limits",
    "Retry",
    "Sampling",
    "TextDelta",
    "ThoughtDelta",
    "Waiting",
    "close_idle_connections",
    "stream",
    "unsupported_reason",
]
