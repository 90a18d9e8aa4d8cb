"""Reads that go through the owner; somebody else's row does not exist here."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models

if TYPE_CHECKING:
    from accounts.models import User


class ConversationQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: "User") -> Self:
        """What this person has and did not delete."""
        return self.filter(owner=user, deleted_at__isnull=True)

    def deleted_by(self, user: "User") -> Self:
        return self.filter(owner=user, deleted_at__isnull=False)


class MessageQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(conversation__owner=user, conversation__deleted_at__isnull=True)
