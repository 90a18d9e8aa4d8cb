"""Querysets scoped to the owner, so that another person's rows look as if they do not exist."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class ConversationQuerySet(models.QuerySet[Any]):
    """Conversations, filtered by owner."""

    def owned_by(self, user: "User") -> Self:
        """Return the person's conversations that are not deleted."""
        return self.filter(owner=user, deleted_at__isnull=True)

    def deleted_by(self, user: "User") -> Self:
        """Return the person's deleted conversations, which can still be restored."""
        return self.filter(owner=user, deleted_at__isnull=False)


class MessageQuerySet(models.QuerySet[Any]):
    """Messages, filtered by the owner of their conversation."""

    def owned_by(self, user: "User") -> Self:
        """Return the messages of the person's conversations that are not deleted."""
        return self.filter(conversation__owner=user, conversation__deleted_at__isnull=True)
