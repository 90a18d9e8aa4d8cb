"""Read a person's preferences."""

from uuid import UUID

from chat.models import ChatPreferences
from core.db.sql import columns, fetch, from_row, statement

SELECT_PREFERENCES = statement(
    "SELECT {preferences} FROM chat_chatpreferences preferences WHERE user_id = %(user)s",
    preferences=columns(ChatPreferences, "preferences"),
)


def load_preferences(user_id: UUID) -> ChatPreferences:
    """Return the person's preferences; an unsaved, empty row if they have chosen nothing."""
    rows = fetch(SELECT_PREFERENCES, {"user": user_id})
    return from_row(ChatPreferences, rows[0]) if rows else ChatPreferences(user_id=user_id)
