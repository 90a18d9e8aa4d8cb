"""What people do with a whole conversation: rename, delete, take back, stop, choose a branch."""

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.text import clean_title
from core.db.sql import fetch

# How long a deleted conversation can be brought back.
RETENTION_DELETED = timedelta(days=7)


def rename(user: User, conversation_id: UUID, title: str) -> Conversation:
    """Raises Conversation.DoesNotExist, or ChatError for an unusable title."""
    clean = clean_title(title)
    conversation: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        title=clean, title_is_own=True, version=F("version") + 1
    )
    conversation.title = clean
    return conversation


def delete(user: User, conversation_id: UUID) -> Conversation:
    """Hide a conversation and ask its answer to stop; `restore` takes it back for seven days."""
    conversation: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    # Two transactions: the close of a run takes the same two rows the other way round.
    Conversation.objects.filter(pk=conversation.pk, deleted_at__isnull=True).update(
        deleted_at=Now(), version=F("version") + 1
    )
    request_stop(conversation)
    return conversation


def restore(user: User, conversation_id: UUID) -> Conversation:
    """Take a deletion back. Raises Conversation.DoesNotExist when there is none."""
    conversation: Conversation = Conversation.objects.deleted_by(user).get(pk=conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        deleted_at=None, version=F("version") + 1
    )
    return conversation


REQUEST_STOP = """
UPDATE chat_run SET stop_requested = true
WHERE conversation_id = %(conversation)s AND ended_at IS NULL RETURNING id
"""


def request_stop(conversation: Conversation) -> UUID | None:
    """Mark the live run as to be stopped, wherever it is written; its id, or None without one."""
    found = fetch(REQUEST_STOP, {"conversation": conversation.pk})
    return found[0][0] if found else None


HOLD_RUNS = """
SELECT run.id FROM chat_run run JOIN chat_conversation c ON c.id = run.conversation_id
WHERE c.owner_id = %(owner)s AND run.ended_at IS NULL ORDER BY run.id FOR UPDATE OF run
"""


def delete_all(user: User) -> None:
    """Delete all of a person's conversations and drafts, while nothing can be added to them.

    Rows that came after Django's look at what there is to delete would make the commit fail. Runs
    are locked before conversations, as the end of a run does it.
    """
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk=user.pk))
        fetch(HOLD_RUNS, {"owner": user.pk})
        conversations = Conversation.objects.filter(owner=user)
        list(conversations.select_for_update().order_by("pk").values_list("pk"))
        conversations.delete()
        Draft.objects.filter(owner=user).delete()


def purge() -> int:
    """Remove for good what was deleted more than seven days ago; how many conversations."""
    old = Conversation.objects.filter(deleted_at__lt=Now() - RETENTION_DELETED)
    count = 0
    for key in old.values_list("id", flat=True)[:100]:
        count += Conversation.objects.filter(pk=key, deleted_at__isnull=False).delete()[0] > 0
    return count


# The newest end of the branch that goes through a message.
NEWEST_LEAF = """
WITH RECURSIVE below AS (
    SELECT id, seq FROM chat_message WHERE id = %s
    UNION ALL
    SELECT next.id, next.seq FROM below
    CROSS JOIN LATERAL (
        SELECT id, seq FROM chat_message WHERE parent_id = below.id ORDER BY seq DESC LIMIT 1
    ) next
)
SELECT id FROM below ORDER BY seq DESC LIMIT 1
"""


def choose_branch(user: User, message_id: UUID) -> Conversation:
    """Show the branch that goes through this message."""
    message = Message.objects.owned_by(user).get(pk=message_id)
    with transaction.atomic():
        # Held, or a question that is sent now would be left behind by an older end.
        Conversation.objects.select_for_update().get(pk=message.conversation_id)
        with connection.cursor() as cursor:
            cursor.execute(NEWEST_LEAF, (message.pk,))
            leaf = cursor.fetchone()[0]
        Conversation.objects.filter(pk=message.conversation_id).update(
            active_leaf=leaf, version=F("version") + 1
        )
    found: Conversation = Conversation.objects.get(pk=message.conversation_id)
    return found
