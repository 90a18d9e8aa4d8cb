"""Suggested questions for an empty chat."""

import uuid6
from django.db import models
from django.utils.translation import gettext_lazy as _


class Suggestion(models.Model):
    """A first question, written by an administrator, that an empty chat offers."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    text = models.CharField(_("question"), max_length=300)
    enabled = models.BooleanField(_("enabled"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    class Meta:
        verbose_name = _("suggested question")
        verbose_name_plural = _("suggested questions")
        ordering = ("position", "text")

    def __str__(self) -> str:
        return self.text
