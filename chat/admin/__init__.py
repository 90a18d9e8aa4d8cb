"""The administrators' pages: prompts and their versions, connections, models, suggestions.

Conversations, messages and runs are not here: administrators do not read people's chats.
"""

from chat.admin.catalogue import ChatModelAdmin, SuggestionAdmin
from chat.admin.connections import ConnectionAdmin
from chat.admin.prompts import SystemPromptAdmin
from chat.admin.start import render_card
from core.web.admin_site import AdminSite

AdminSite.cards.append(render_card)

__all__ = ["ChatModelAdmin", "ConnectionAdmin", "SuggestionAdmin", "SystemPromptAdmin"]
