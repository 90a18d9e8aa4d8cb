"""What a server has taught us about one of its models: which parameters it refuses."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.catalogue import ChatModel


class ModelDialect(models.Model):
    """What was learnt from the refusals of one server for one model.

    `server` is a fingerprint of the server's address, so that another address starts afresh.
    `context_window` is the one that the server named when a conversation was too long for it.
    """

    model = models.ForeignKey(
        ChatModel, on_delete=models.CASCADE, related_name="dialects", db_index=False
    )
    server = models.CharField(max_length=64)
    omitted = ArrayField(models.CharField(max_length=40), default=list)
    token_parameter = models.CharField(max_length=40, blank=True, default="max_tokens")
    merges_system = models.BooleanField(default=False)
    context_window = models.PositiveIntegerField(null=True)
    learned_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("model dialect")
        verbose_name_plural = _("model dialects")
        constraints = (
            models.UniqueConstraint(fields=("model", "server"), name="chat_dialect_one_per_server"),
        )

    def __str__(self) -> str:
        return f"{self.model_id} {self.server}"
