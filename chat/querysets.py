"""Reads that go through the owner; somebody else's row does not exist here."""

from typing import TYPE_CHECKING, Any, Self

from django.db import models
from django.db.models.fields.tuple_lookups import TupleLessThan

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from accounts.models import User


class ConversationQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: "User") -> Self:
        """What this person has and did not delete."""
        return self.filter(owner=user, deleted_at__isnull=True)

    def deleted_by(self, user: "User") -> Self:
        return self.filter(owner=user, deleted_at__isnull=False)

    def recent(self) -> Self:
        return self.order_by("-active_at", "-id")

    def before(self, active_at: "datetime", key: "UUID") -> Self:
        """The keyset page after this row; costs the same at any depth."""
        return self.filter(TupleLessThan(("active_at", "id"), (active_at, key)))


class MessageQuerySet(models.QuerySet[Any]):
    def owned_by(self, user: "User") -> Self:
        return self.filter(conversation__owner=user, conversation__deleted_at__isnull=True)
