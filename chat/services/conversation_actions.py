"""Actions on a whole conversation: rename, delete, restore, stop, and choose a branch."""

from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.selectors.messages import get_conversation
from chat.text import clean_title
from core.db.sql import fetch

# How long a deleted conversation can be restored.
RETENTION_DELETED = timedelta(days=7)


def rename(user: User, conversation_id: UUID, title: str) -> Conversation:
    """Set the title of a conversation.

    Raises Conversation.DoesNotExist, or ChatError `empty_title` or `title_too_long`.
    """
    title = clean_title(title)
    conversation = get_conversation(user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        title=title, title_is_custom=True, version=F("version") + 1
    )
    conversation.title = title
    return conversation


def delete(user: User, conversation_id: UUID) -> Conversation:
    """Hide a conversation and ask its live answer to stop.

    `restore` undoes this for seven days. Raises Conversation.DoesNotExist.
    """
    conversation = get_conversation(user, conversation_id)
    # Two transactions: finishing a run locks the run first and the conversation second, so one
    # transaction that locks them the other way round could deadlock with it.
    Conversation.objects.filter(pk=conversation.pk, deleted_at__isnull=True).update(
        deleted_at=Now(), version=F("version") + 1
    )
    request_stop(conversation)
    return conversation


def restore(user: User, conversation_id: UUID) -> Conversation:
    """Undo a deletion. Raises Conversation.DoesNotExist if there is no deleted conversation."""
    conversation: Conversation = Conversation.objects.deleted_by(user).get(pk=conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        deleted_at=None, version=F("version") + 1
    )
    return conversation


def stop(user: User, conversation_id: UUID) -> tuple[Conversation, UUID | None]:
    """Ask the live answer of a conversation to stop.

    Returns the conversation, and the ID of the run or None if no run is live. Raises
    Conversation.DoesNotExist.
    """
    conversation = get_conversation(user, conversation_id)
    return conversation, request_stop(conversation)


REQUEST_STOP = """
UPDATE chat_run SET stop_requested = true
WHERE conversation_id = %(conversation)s AND ended_at IS NULL RETURNING id
"""


def request_stop(conversation: Conversation) -> UUID | None:
    """Ask the process that writes the live answer to stop.

    Returns the ID of the run, or None if no run is live.
    """
    rows = fetch(REQUEST_STOP, {"conversation": conversation.pk})
    return rows[0][0] if rows else None


LOCK_LIVE_RUNS = """
SELECT run.id FROM chat_run run JOIN chat_conversation c ON c.id = run.conversation_id
WHERE c.owner_id = %(owner)s AND run.ended_at IS NULL ORDER BY run.id FOR UPDATE OF run
"""


def delete_all(user: User) -> None:
    """Delete all of a person's conversations and drafts.

    Locks the person, the live runs and the conversations first: a row added after Django has
    collected the rows to delete would make the commit fail. Runs are locked before conversations,
    in the order in which finishing a run locks them.
    """
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk=user.pk))
        fetch(LOCK_LIVE_RUNS, {"owner": user.pk})
        conversations = Conversation.objects.filter(owner=user)
        list(conversations.select_for_update().order_by("pk").values_list("pk"))
        conversations.delete()
        Draft.objects.filter(owner=user).delete()


def purge() -> int:
    """Remove conversations for good that were deleted more than seven days ago.

    Handles at most 100 of them, and returns how many it removed.
    """
    expired = Conversation.objects.filter(deleted_at__lt=Now() - RETENTION_DELETED)
    count = 0
    for pk in expired.values_list("id", flat=True)[:100]:
        count += Conversation.objects.filter(pk=pk, deleted_at__isnull=False).delete()[0] > 0
    return count


# From a message down to a leaf, at each step to the newest child.
NEWEST_LEAF = """
WITH RECURSIVE below AS (
    SELECT id, seq FROM chat_message WHERE id = %s
    UNION ALL
    SELECT child.id, child.seq FROM below
    CROSS JOIN LATERAL (
        SELECT id, seq FROM chat_message WHERE parent_id = below.id ORDER BY seq DESC LIMIT 1
    ) child
)
SELECT id FROM below ORDER BY seq DESC LIMIT 1
"""


def choose_branch(user: User, message_id: UUID) -> Conversation:
    """Show the branch that contains this message, down to its newest leaf.

    Raises Message.DoesNotExist.
    """
    message = Message.objects.owned_by(user).get(pk=message_id)
    with transaction.atomic():
        # Lock the conversation before looking for the leaf: a question that is sent meanwhile would
        # otherwise be hidden by an older leaf.
        Conversation.objects.select_for_update().get(pk=message.conversation_id)
        with connection.cursor() as cursor:
            cursor.execute(NEWEST_LEAF, (message.pk,))
            leaf_id = cursor.fetchone()[0]
        Conversation.objects.filter(pk=message.conversation_id).update(
            active_leaf=leaf_id, version=F("version") + 1
        )
    conversation: Conversation = Conversation.objects.get(pk=message.conversation_id)
    return conversation
