"""Track which conversations have answers that their owner has not seen."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import User
from chat.models import Conversation

UNREAD = Q(answered_at__isnull=False) & (Q(seen_at__isnull=True) | Q(seen_at__lt=F("answered_at")))


def mark_read(user: User, conversation_id: UUID) -> bool:
    """Record that the owner has seen the newest answer; return False if it was read already.

    Raises Conversation.DoesNotExist.
    """
    owned = Conversation.objects.owned_by(user)
    conversation: Conversation = owned.only("id").get(pk=conversation_id)
    return bool(Conversation.objects.filter(UNREAD, pk=conversation.pk).update(seen_at=Now()))
