"""Text that was typed and not yet sent: one for each conversation, one for a new chat."""

from uuid import UUID

from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation, Draft, Message
from chat.text import MESSAGE_CHARS, check_length, normalize_text
from core.db.sql import columns, fetch, from_row, statement

# A draft may be too long to be sent; what is far beyond that is no draft.
DRAFT_CHARS = 4 * MESSAGE_CHARS


SELECT_DRAFT = statement(
    """
SELECT {draft} FROM chat_draft draft WHERE owner_id = %(owner)s
    AND conversation_id IS NOT DISTINCT FROM %(conversation)s::uuid
""",
    draft=columns(Draft, "draft"),
)


def find_draft(user: User, conversation: Conversation | None) -> Draft | None:
    key = conversation.pk if conversation else None
    found = fetch(SELECT_DRAFT, {"owner": user.pk, "conversation": key})
    return from_row(Draft, found[0]) if found else None


def save_draft(
    user: User,
    conversation_id: UUID | None,
    client_id: UUID,
    text: str,
    opened: UUID | None = None,
) -> None:
    """Save what is typed; an empty text removes the draft that it was.

    `client_id` is the one that the text will be sent with: a draft of what was sent in the meantime
    is not kept. `opened` is that of the draft that the page was opened with. Raises
    Conversation.DoesNotExist, or ChatError `message_too_long`.
    """
    clean = normalize_text(text)
    check_length(clean, DRAFT_CHARS, "message_too_long")
    if conversation_id is not None:
        Conversation.objects.owned_by(user).only("id").get(pk=conversation_id)
    if not clean.strip() or is_sent(user, conversation_id, client_id):
        discard_draft(user, conversation_id, client_id, opened)
        return
    draft = Draft(
        owner=user,
        conversation_id=conversation_id,
        client_id=client_id,
        text=clean,
        saved_at=Now(),
    )
    Draft.objects.bulk_create(
        [draft],
        update_conflicts=True,
        unique_fields=["owner", "conversation"],
        update_fields=["client_id", "text", "saved_at"],
    )
    # Sending removes the draft after its commit: whoever comes second sees the other.
    if is_sent(user, conversation_id, client_id):
        discard_draft(user, conversation_id, client_id, opened)


def is_sent(user: User, conversation_id: UUID | None, client_id: UUID) -> bool:
    if conversation_id is None:
        return Conversation.objects.filter(owner=user, client_id=client_id).exists()
    return Message.objects.filter(conversation=conversation_id, client_id=client_id).exists()


DELETE_DRAFT = """
DELETE FROM chat_draft WHERE owner_id = %(owner)s
    AND conversation_id IS NOT DISTINCT FROM %(conversation)s::uuid
    AND (client_id IN (%(client)s, %(opened)s::uuid) OR text = %(text)s) RETURNING id
"""


def discard_draft(
    user: User,
    conversation_id: UUID | None,
    client_id: UUID,
    opened: UUID | None = None,
    text: str = "",
) -> None:
    """What is no longer to be sent: the page's own draft, the one that it was `opened` with, or
    the same `text` from another page. What another page typed in the meantime stays."""
    values = {"owner": user.pk, "conversation": conversation_id, "client": client_id}
    fetch(DELETE_DRAFT, values | {"opened": opened, "text": text})
