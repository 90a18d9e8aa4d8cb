"""The catalogue: the language models that administrators offer."""

from typing import Any

import uuid6
from django.contrib.auth.models import Group
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.connection import Connection


class Kind(models.TextChoices):
    """How the server is asked: through chat completion or plain text completion."""

    CHAT = "chat", _("chat completion")
    COMPLETION = "completion", _("text completion")


class Tokenizer(models.TextChoices):
    """How tokens are counted: exactly, or by an estimate."""

    ESTIMATE = "", _("estimate")
    MISTRAL_V3 = "mistral-v3", _("Mistral v3 (exact)")


TEMPERATURE_LIMITS = [MinValueValidator(0.0), MaxValueValidator(2.0)]
TOP_P_LIMITS = [MinValueValidator(0.01), MaxValueValidator(1.0)]


def least_room(window: int) -> int:
    """Return the tokens of the window that the longest answer must leave to prompt and question."""
    return min(256, window // 4)


class ChatModel(models.Model):
    """A language model in the catalogue, with its limits and default sampling values."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    connection = models.ForeignKey(
        Connection,
        verbose_name=_("connection"),
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="models",
        help_text=_("Empty: the server that the environment sets."),
    )
    repo_id = models.CharField(
        _("repository"),
        max_length=200,
        help_text=_("The model name sent to the server."),
    )
    label = models.CharField(_("label"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CHAT)
    tokenizer = models.CharField(
        _("token counting"), max_length=20, choices=Tokenizer, default="", blank=True
    )
    context_window = models.PositiveIntegerField(_("context window (tokens)"))
    max_output = models.PositiveIntegerField(
        _("maximum answer length (tokens)"), validators=[MinValueValidator(1)]
    )
    # An empty value is not sent; the server then uses its own.
    temperature = models.FloatField(
        _("temperature"),
        default=0.7,
        null=True,
        blank=True,
        help_text=_("Leave empty to send none."),
        validators=[MinValueValidator(0.0), MaxValueValidator(2.0)],
    )
    top_p = models.FloatField(
        _("top p"),
        default=0.95,
        null=True,
        blank=True,
        validators=[MinValueValidator(0.01), MaxValueValidator(1.0)],
        help_text=_("Leave empty to send none."),
    )
    frequency_penalty = models.FloatField(
        _("frequency penalty"),
        default=0.0,
        null=True,
        blank=True,
        validators=[MinValueValidator(-2.0), MaxValueValidator(2.0)],
        help_text=_("Leave empty to send none."),
    )
    first_token_seconds = models.PositiveIntegerField(
        _("time to the first token (seconds)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text=_(
            "How long to wait for the first token of an answer. Leave empty for the site's "
            "DEADLINE_FIRST_TOKEN."
        ),
    )
    note = models.CharField(
        _("note"), max_length=300, blank=True, help_text=_("Shown to users of this model.")
    )
    enabled = models.BooleanField(_("enabled"), default=True)
    is_default = models.BooleanField(
        _("default"), default=False, help_text=_("New conversations use this model.")
    )
    # True for the demonstration model of `make run`, which LOCAL_MODEL switches on and off.
    is_local = models.BooleanField(default=False, editable=False)
    # When the server's list last had this model, and since when it has not.
    listed_at = models.DateTimeField(null=True, editable=False)
    missing_since = models.DateTimeField(null=True, editable=False)
    # Allowed ranges of sampling values; null for the widest.
    temperature_min = models.FloatField(
        _("lowest temperature"), null=True, blank=True, validators=TEMPERATURE_LIMITS
    )
    temperature_max = models.FloatField(
        _("highest temperature"), null=True, blank=True, validators=TEMPERATURE_LIMITS
    )
    top_p_min = models.FloatField(_("lowest top p"), null=True, blank=True, validators=TOP_P_LIMITS)
    top_p_max = models.FloatField(
        _("highest top p"), null=True, blank=True, validators=TOP_P_LIMITS
    )
    groups = models.ManyToManyField(
        Group,
        verbose_name=_("groups"),
        blank=True,
        related_name="+",
        help_text=_("Who may use this model. Empty: everyone."),
    )
    price_in = models.DecimalField(
        _("price of a million tokens read"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    price_out = models.DecimalField(
        _("price of a million tokens written"),
        max_digits=12,
        decimal_places=4,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    # What a test has shown; null for unknown.
    has_system_role = models.BooleanField(_("accepts a system prompt"), null=True, blank=True)
    can_think = models.BooleanField(_("thinks before it answers"), null=True, blank=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    # Rows of `ModelDialect`, if they were read with the model, see `chat.selectors.dialects`.
    known_dialects: list[dict[str, Any]] | None = None

    class Meta:
        verbose_name = _("model")
        verbose_name_plural = _("models")
        ordering = ("position", "label")
        constraints = (
            models.UniqueConstraint(
                fields=("connection", "repo_id"),
                nulls_distinct=False,
                name="chat_model_once_per_connection",
                violation_error_message=_("This connection already has a model of this name."),
            ),
            models.CheckConstraint(
                condition=models.Q(temperature_min__isnull=True)
                | models.Q(temperature_max__isnull=True)
                | models.Q(temperature_min__lte=models.F("temperature_max")),
                name="chat_model_temperature_range",
                violation_error_message=_("The lowest temperature is above the highest."),
            ),
            models.CheckConstraint(
                condition=models.Q(top_p_min__isnull=True)
                | models.Q(top_p_max__isnull=True)
                | models.Q(top_p_min__lte=models.F("top_p_max")),
                name="chat_model_top_p_range",
                violation_error_message=_("The lowest top p is above the highest."),
            ),
            models.UniqueConstraint(
                fields=("is_default",),
                condition=models.Q(is_default=True),
                name="chat_model_one_default",
                violation_error_message=_("Another model is already the default."),
            ),
            models.CheckConstraint(
                condition=models.Q(max_output__lt=models.F("context_window")),
                name="chat_model_output_fits_window",
                violation_error_message=_("The longest answer must fit into the context window."),
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=Kind.values), name="chat_model_kind_known"
            ),
        )

    def __str__(self) -> str:
        return self.label
