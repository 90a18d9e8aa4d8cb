"""Which answers their owner has not looked at yet."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation

UNREAD = Q(answered_at__isnull=False) & (Q(seen_at__isnull=True) | Q(seen_at__lt=F("answered_at")))


def mark_read(user: User, conversation_id: UUID) -> bool:
    """The owner has the newest answer in view; False when that was known.

    Raises Conversation.DoesNotExist.
    """
    mine = Conversation.objects.owned_by(user)
    found: Conversation = mine.only("id").get(pk=conversation_id)
    return bool(Conversation.objects.filter(UNREAD, pk=found.pk).update(seen_at=Now()))
