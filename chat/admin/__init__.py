"""The administrators' pages: prompts and their versions, connections, models, suggestions.

Conversations, messages and runs are not here: administrators do not read people's chats.
"""

from chat.admin.catalogue import ChatModelAdmin, SuggestionAdmin
from chat.admin.connections import ConnectionAdmin
from chat.admin.prompts import SystemPromptAdmin

__all__ = ["ChatModelAdmin", "ConnectionAdmin", "SuggestionAdmin", "SystemPromptAdmin"]
