"""What a person thinks of an answer."""

from uuid import UUID

from accounts.models import User
from chat.errors import ChatError
from chat.limits import refused
from chat.models import Message, Role

REASON_CHARS = 500


def rate(user: User, message_id: UUID, value: int | None, reason: str = "") -> Message:
    """1 is good, -1 is bad, None takes it back. Raises Message.DoesNotExist or ChatError."""
    if any(refused(char) for char in reason):
        raise ChatError("bad_text")
    message: Message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
    message.feedback = value
    message.feedback_reason = reason.strip()[:REASON_CHARS] if value is not None else ""
    message.save(update_fields=["feedback", "feedback_reason"])
    return message
