"""What a person thinks of an answer."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from chat.models import Conversation, Message, Role
from chat.text import check_length, normalize_text

REASON_CHARS = 500


def rate_answer(user: User, message_id: UUID, value: int | None, reason: str = "") -> Message:
    """1 is good, -1 is bad, None takes it back.

    Raises Message.DoesNotExist, or ChatError `reason_too_long`.
    """
    kept = normalize_text(reason).strip()
    check_length(kept, REASON_CHARS, "reason_too_long")
    message: Message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
    message.feedback = value
    message.feedback_reason = kept if value is not None else ""
    with transaction.atomic():
        message.save(update_fields=["feedback", "feedback_reason"])
        mine = Conversation.objects.filter(pk=message.conversation_id)
        mine.update(version=F("version") + 1)
    return message
