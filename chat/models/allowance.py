"""What somebody may still do: a token bucket that all processes share."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Allowance(models.Model):
    """`tokens` were left at `filled_at`, by the database's clock; they grow back with time."""

    key = models.CharField(max_length=100, primary_key=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("allowance")
        verbose_name_plural = _("allowances")

    def __str__(self) -> str:
        return self.key
