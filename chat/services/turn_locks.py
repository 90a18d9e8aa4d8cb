"""Lock what a command changes, until its transaction ends."""

from uuid import UUID

from django.db import connection

from accounts.models import User
from chat.models import Conversation, Message, Role
from core.db.sql import columns, fetch, from_row, statement


def lock_user(user: User) -> None:
    """Let one person start only one conversation at a time, until the transaction ends.

    A new conversation has no row yet that could be locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", (7301, user.pk.int % 2**31))


LOCK_CONVERSATION = statement(
    """
SELECT {conversation} FROM chat_conversation c
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL FOR UPDATE
""",
    conversation=columns(Conversation, "c"),
)


def lock_conversation(user: User, conversation_id: UUID) -> Conversation:
    """Read and lock a conversation until the transaction ends, so that its turns run one by one.

    Raises Conversation.DoesNotExist if it is deleted or not this person's.
    """
    rows = fetch(LOCK_CONVERSATION, {"conversation": conversation_id, "owner": user.pk})
    if not rows:
        raise Conversation.DoesNotExist
    return from_row(Conversation, rows[0])


def lock_message(user: User, message_id: UUID, *roles: Role) -> tuple[Message, Conversation]:
    """Read a message, and lock its conversation until the transaction ends.

    Raises Message.DoesNotExist if it is not this person's or has none of the `roles`.
    """
    message = Message.objects.owned_by(user).get(pk=message_id, role__in=roles or Role)
    return message, lock_conversation(user, message.conversation_id)
