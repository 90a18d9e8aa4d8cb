"""Ratings of answers."""

from uuid import UUID

from django.db import transaction
from django.db.models import F

from accounts.models import User
from chat.models import Conversation, Message, Role
from chat.text import check_length, normalize_text

REASON_CHARS = 500


def rate_answer(user: User, message_id: UUID, value: int | None, reason: str = "") -> Message:
    """Rate an answer: 1 is good, -1 is bad, None removes the rating.

    Raises Message.DoesNotExist, or ChatError `reason_too_long`.
    """
    reason = normalize_text(reason).strip()
    check_length(reason, REASON_CHARS, "reason_too_long")
    message: Message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
    message.feedback = value
    message.feedback_reason = reason if value is not None else ""
    with transaction.atomic():
        message.save(update_fields=["feedback", "feedback_reason"])
        conversations = Conversation.objects.filter(pk=message.conversation_id)
        conversations.update(version=F("version") + 1)
    return message
