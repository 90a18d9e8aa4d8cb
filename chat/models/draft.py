"""Text that was typed but not yet sent, stored so that it appears on other devices too."""

import uuid6
from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation


class Draft(models.Model):
    """Unsent text: one draft for each conversation of a person, and one for a new conversation."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="drafts"
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, null=True, related_name="+"
    )
    # The `client_id` that the message will have when it is sent; sending that message deletes
    # this draft.
    client_id = models.UUIDField(db_default=RandomUUID(), editable=False)
    text = models.TextField()
    saved_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "conversation"), nulls_distinct=False, name="draft_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.id)
