"""The database models and their constraints; nothing here has side effects."""

from chat.models.allowance import Allowance
from chat.models.catalogue import ChatModel
from chat.models.connection import Connection
from chat.models.conversation import FINISHED, Conversation, Message, Role, Status, Thinking
from chat.models.dialect import ModelDialect
from chat.models.draft import Draft
from chat.models.preferences import INSTRUCTION_CHARS, ChatPreferences
from chat.models.prompt import PromptVersion, SystemPrompt
from chat.models.run import Chunk, Run
from chat.models.search import SearchEntry
from chat.models.site_settings import SiteSettings
from chat.models.suggestion import Suggestion

__all__ = [
    "FINISHED",
    "INSTRUCTION_CHARS",
    "Allowance",
    "ChatModel",
    "ChatPreferences",
    "Chunk",
    "Connection",
    "Conversation",
    "Draft",
    "Message",
    "ModelDialect",
    "PromptVersion",
    "Role",
    "Run",
    "SearchEntry",
    "SiteSettings",
    "Status",
    "Suggestion",
    "SystemPrompt",
    "Thinking",
]
