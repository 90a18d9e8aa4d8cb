"""System prompts and their immutable, numbered versions."""

import uuid6
from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SystemPrompt(models.Model):
    """A named system prompt; `published` is the version that new answers use."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    published = models.ForeignKey(
        "PromptVersion",
        verbose_name=_("published version"),
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="+",
    )
    is_default = models.BooleanField(
        _("default"),
        default=False,
        help_text=_("New conversations use this prompt. Exactly one prompt is the default."),
    )
    enabled = models.BooleanField(
        _("enabled"), default=True, help_text=_("Users can choose this prompt.")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("system prompt")
        verbose_name_plural = _("system prompts")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("is_default",),
                condition=models.Q(is_default=True),
                name="system_prompt_one_default",
                violation_error_message=_("Another prompt is already the default."),
            ),
        )

    def __str__(self) -> str:
        return self.name


class PromptVersion(models.Model):
    """The text of one version of a prompt. A database trigger rejects changes to it."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    prompt = models.ForeignKey(SystemPrompt, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    text = models.TextField(_("text"), blank=True)
    note = models.CharField(_("note"), max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("author"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ("-number",)
        constraints = (
            models.UniqueConstraint(fields=("prompt", "number"), name="prompt_version_number"),
        )

    def __str__(self) -> str:
        return f"{self.prompt.name} v{self.number}"
