"""Drafts: unsent text, one for each conversation and one for a new chat."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.services.command_limits import DRAFTS, check_command_rate
from chat.text import MESSAGE_CHARS, check_length, normalize_text
from core.db.outages import database
from core.db.sql import columns, fetch, from_row, statement

# A draft may be longer than a message, so that no text is lost before it is shortened.
DRAFT_CHARS = 4 * MESSAGE_CHARS


@dataclass(frozen=True, slots=True)
class SentDraft:
    """A draft that was sent as a message.

    `client_id` and `text` are those of the message. `loaded_client_id` is the `client_id` of the
    draft that the page was loaded with, if any.
    """

    client_id: UUID
    text: str
    loaded_client_id: UUID | None = None


SELECT_DRAFT = statement(
    """
SELECT {draft} FROM chat_draft draft WHERE owner_id = %(owner)s
    AND conversation_id IS NOT DISTINCT FROM %(conversation)s::uuid
""",
    draft=columns(Draft, "draft"),
)


def find_draft(user: User, conversation: Conversation | None) -> Draft | None:
    """Return the person's draft for a conversation; for None, their draft for a new chat."""
    conversation_id = conversation.pk if conversation else None
    rows = fetch(SELECT_DRAFT, {"owner": user.pk, "conversation": conversation_id})
    return from_row(Draft, rows[0]) if rows else None


def save_draft(
    user: User,
    conversation_id: UUID | None,
    client_id: UUID,
    text: str,
    loaded_client_id: UUID | None = None,
) -> None:
    """Save unsent text; an empty text deletes the draft. Takes a token from the limit for drafts.

    `client_id` is the one that the message will be sent with: if it was sent in the meantime, the
    draft is deleted. `loaded_client_id` is the `client_id` of the draft that the page was loaded
    with. Raises Conversation.DoesNotExist, or ChatError `message_too_long` or `too_many_commands`.
    """
    check_command_rate(user.pk, DRAFTS)
    text = normalize_text(text)
    check_length(text, DRAFT_CHARS, "message_too_long")
    if conversation_id is not None:
        Conversation.objects.owned_by(user).only("id").get(pk=conversation_id)
    if not text.strip() or is_sent(user, conversation_id, client_id):
        discard_draft(user, conversation_id, client_id, loaded_client_id)
        return
    draft = Draft(
        owner=user,
        conversation_id=conversation_id,
        client_id=client_id,
        text=text,
        saved_at=Now(),
    )
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["owner", "conversation"],
        update_fields=["client_id", "text", "saved_at"],
    )
    # Sending deletes the draft after its commit. If it missed the row just saved, the message is
    # visible here by now.
    if is_sent(user, conversation_id, client_id):
        discard_draft(user, conversation_id, client_id, loaded_client_id)


def is_sent(user: User, conversation_id: UUID | None, client_id: UUID) -> bool:
    """Tell whether the message, or for no conversation the new chat, was sent already."""
    if conversation_id is None:
        return Conversation.objects.filter(owner=user, client_id=client_id).exists()
    return Message.objects.filter(conversation=conversation_id, client_id=client_id).exists()


DELETE_DRAFT = """
DELETE FROM chat_draft WHERE owner_id = %(owner)s
    AND conversation_id IS NOT DISTINCT FROM %(conversation)s::uuid
    AND (client_id IN (%(client)s, %(loaded)s::uuid) OR text = %(text)s) RETURNING id
"""


def discard_draft(
    user: User,
    conversation_id: UUID | None,
    client_id: UUID,
    loaded_client_id: UUID | None = None,
    text: str = "",
) -> None:
    """Delete the draft if it is obsolete.

    That is the page's own draft, the one that the page was loaded with, or a draft with the same
    `text` from another page. Other text that another page saved in the meantime stays.
    """
    values = {"owner": user.pk, "conversation": conversation_id, "client": client_id}
    fetch(DELETE_DRAFT, values | {"loaded": loaded_client_id, "text": text})


def discard_sent(user: User, conversation_id: UUID | None, draft: SentDraft) -> None:
    """Delete the draft of a message that is committed.

    An outage is tolerated: the message is stored, so the command has succeeded.
    """
    with database.tolerated():
        discard_draft(user, conversation_id, draft.client_id, draft.loaded_client_id, draft.text)
