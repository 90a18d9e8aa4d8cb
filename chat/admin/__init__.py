"""The administrators' pages: system prompts and their versions, models and suggestions.

Conversations, messages and runs are not here: administrators do not read people's chats.
"""

from chat.admin.catalogue import ChatModelAdmin, SuggestionAdmin
from chat.admin.prompts import SystemPromptAdmin

__all__ = ["ChatModelAdmin", "SuggestionAdmin", "SystemPromptAdmin"]
