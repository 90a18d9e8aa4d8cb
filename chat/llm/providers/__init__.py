"""Talk to model servers: one async generator, `stream`, with the values it takes and yields.

No other package imports huggingface_hub, and no exception of it or of its HTTP library leaves this
package.
"""

from chat.llm.providers.addresses import address_policy, is_refused_url
from chat.llm.providers.base_urls import redact_address
from chat.llm.providers.capabilities import is_address, is_usable_key, unsupported_reason
from chat.llm.providers.connections import close_idle_connections
from chat.llm.providers.dialect import PLAIN, Dialect
from chat.llm.providers.hf_transport import SERVED_BY
from chat.llm.providers.listing import ListedModel, list_models
from chat.llm.providers.streaming import Learned, stream
from chat.llm.providers.types import (
    ChatRequest,
    ChatTurn,
    Deadlines,
    Endpoint,
    Finish,
    Item,
    Limits,
    ModelKind,
    Retry,
    Sampling,
    TextDelta,
    ThoughtDelta,
    Waiting,
)

__all__ = [
    "PLAIN",
    "SERVED_BY",
    "ChatRequest",
    "ChatTurn",
    "Deadlines",
    "Dialect",
    "Endpoint",
    "Finish",
    "Item",
    "Learned",
    "Limits",
    "ListedModel",
    "ModelKind",
    "Retry",
    "Sampling",
    "TextDelta",
    "ThoughtDelta",
    "Waiting",
    "address_policy",
    "close_idle_connections",
    "is_address",
    "is_refused_url",
    "is_usable_key",
    "list_models",
    "redact_address",
    "stream",
    "unsupported_reason",
]
