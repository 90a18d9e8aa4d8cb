"""Build the rows of a turn, and the parts of the one statement that writes them."""

from uuid import UUID

from chat.models import Conversation, Message, Role, Run, Status
from chat.selectors.run_config import RunConfig, run_fields
from chat.services.leases import LEASE_END
from core.db.sql import StatementPart, insert_statement


def build_message(
    conversation: Conversation,
    position: int,
    parent_id: UUID | None,
    role: Role,
    status: Status,
    text: str = "",
    client_id: UUID | None = None,
) -> Message:
    """Build an unsaved message.

    `position` counts the new messages of the conversation from 1, in the order of their `seq`.
    """
    return Message(
        conversation=conversation,
        parent_id=parent_id,
        seq=conversation.next_seq + position - 1,
        role=role,
        status=status,
        text=text,
        client_id=client_id,
    )


def build_run(
    config: RunConfig,
    conversation: Conversation,
    answer: Message,
    worker_id: UUID,
    *,
    continuation: bool = False,
) -> Run:
    """Build an unsaved run; `worker_id` is the ID of the process that will write the answer."""
    return Run(
        conversation=conversation,
        message=answer,
        worker_id=worker_id,
        is_continuation=continuation,
        **run_fields(config, conversation),
    )


def insert_run(run: Run) -> StatementPart:
    """Return the statement that inserts a run with a new lease."""
    return insert_statement(run, lease_until=LEASE_END)


UPDATE_LEAF = """
UPDATE chat_conversation SET active_leaf_id = %s, next_seq = next_seq + %s, version = version + 1,
    last_activity_at = statement_timestamp()
WHERE id = %s RETURNING last_activity_at
"""


def update_leaf(conversation: Conversation, leaf: Message, *, message_count: int) -> StatementPart:
    """Make `leaf` the end of the shown branch, and return the statement for it.

    The statement also moves the conversation to the top of the sidebar.

    `message_count` is the number of messages that the same statement inserts.
    """
    conversation.active_leaf_id = leaf.pk
    conversation.version += 1
    return UPDATE_LEAF, [leaf.pk, message_count, conversation.pk]


def insert_conversation(
    conversation: Conversation, leaf: Message, *, message_count: int
) -> StatementPart:
    """Do the same for a conversation that is not saved yet: the statement inserts it."""
    conversation.active_leaf_id = leaf.pk
    conversation.version += 1
    conversation.next_seq += message_count
    return insert_statement(conversation)
