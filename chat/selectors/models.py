"""Read models of the catalogue together with their connections."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chat.llm.endpoints import IN_ENVIRONMENT, usable_environments
from chat.models import ChatModel, Connection
from core.db.sql import column_count, columns, fetch, from_row, statement

MODEL_COLUMNS = f"{columns(ChatModel, 'model')}, {columns(Connection, 'connection')}"
# Enabled models that a person may use: those without groups, and those of the person's groups.
ALLOWED = """
model.enabled AND (
    NOT EXISTS (SELECT FROM chat_chatmodel_groups g WHERE g.chatmodel_id = model.id)
    OR EXISTS (
        SELECT FROM chat_chatmodel_groups g JOIN accounts_user_groups u ON u.group_id = g.group_id
        WHERE g.chatmodel_id = model.id AND u.user_id = %(owner)s
    )
)
"""
# As `endpoints.is_usable`.
USABLE = statement(
    """
(model.missing_since IS NULL
    AND COALESCE(connection.environment, '{in_environment}') = ANY(%(environments)s))
""",
    in_environment=IN_ENVIRONMENT,
)
SELECT_ALLOWED = statement(
    """
SELECT {columns} FROM chat_chatmodel model
LEFT JOIN chat_connection connection ON connection.id = model.connection_id
WHERE {allowed} ORDER BY model.position, model.label
""",
    columns=MODEL_COLUMNS,
    allowed=ALLOWED,
)


def list_allowed(owner_id: UUID) -> list[ChatModel]:
    """Return the models that a person may choose, in the administrators' order."""
    return [model_from_row(row) for row in fetch(SELECT_ALLOWED, {"owner": owner_id})]


SELECT_CHOICES = statement(
    """
SELECT preferences.model_id, preferences.prompt_id, COALESCE(instructions, '') <> '', {columns}
FROM chat_chatmodel model
LEFT JOIN chat_connection connection ON connection.id = model.connection_id
LEFT JOIN chat_chatpreferences preferences ON preferences.user_id = %(owner)s
WHERE {allowed} ORDER BY model.position, model.label
""",
    columns=MODEL_COLUMNS,
    allowed=ALLOWED,
)


@dataclass(frozen=True, slots=True)
class ChatDefaults:
    """What a person prefers in new chats, and whether they have custom instructions."""

    model_id: UUID | None = None
    prompt_id: UUID | None = None
    has_instructions: bool = False


def list_choices(owner_id: UUID) -> tuple[list[ChatModel], ChatDefaults]:
    """Return `list_allowed` and the person's defaults, read by one statement."""
    rows = fetch(SELECT_CHOICES, {"owner": owner_id})
    defaults = ChatDefaults(*rows[0][:3]) if rows else ChatDefaults()
    return [model_from_row(row[3:]) for row in rows], defaults


def usable_parameters() -> dict[str, Any]:
    """Return the parameters of USABLE."""
    return {"environments": usable_environments()}


def model_from_row(values: Sequence[Any]) -> ChatModel:
    """Build a model with its connection from a row of MODEL_COLUMNS."""
    split = column_count(ChatModel)
    model = from_row(ChatModel, values[:split])
    if model.connection_id is not None:
        model.connection = from_row(Connection, values[split:])
    return model
