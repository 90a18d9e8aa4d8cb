"""Rate limits: token buckets that all processes share."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Allowance(models.Model):
    """A token bucket for one key, for example one person's messages.

    `tokens` were left at `filled_at`, by the database's clock. They refill with time;
    `chat.services.rate_limit` computes the current number.
    """

    key = models.CharField(max_length=100, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("rate limit")
        verbose_name_plural = _("rate limits")

    def __str__(self) -> str:
        return self.key
