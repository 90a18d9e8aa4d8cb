"""Connections: the model servers that answer."""

import uuid6
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ConnectionKind(models.TextChoices):
    """How a model server is addressed."""

    HUGGING_FACE = "hf", "Hugging Face"
    OPENAI = "openai", _("OpenAI-compatible server")
    TGI = "tgi", _("Text Generation Inference (root address)")


class EnvironmentServer(models.TextChoices):
    """The setting that a connection stands for; "" for one that an administrator made."""

    NONE = "", ""
    BASE_URL = "INFERENCE_BASE_URL", "INFERENCE_BASE_URL"
    HF_TOKEN = "HF_TOKEN", "HF_TOKEN"


class Connection(models.Model):
    """A model server: its address, and its key, which is encrypted.

    The row of a server of the environment holds neither address nor key.
    """

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(
        _("kind"), max_length=10, choices=ConnectionKind, default=ConnectionKind.OPENAI
    )
    address = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        help_text=_("For example http://127.0.0.1:11434/v1. Hugging Face needs none."),
    )
    provider = models.CharField(
        _("provider"),
        max_length=50,
        blank=True,
        default="auto",
        help_text=_("Only for Hugging Face: an inference provider, or auto."),
    )
    # See core.encryption; "" for a server without a key.
    encrypted_key = models.TextField(blank=True, editable=False)
    environment = models.CharField(
        max_length=20, choices=EnvironmentServer, blank=True, default="", editable=False
    )
    # When a process last asked for the list of models, and when it last came.
    checked_at = models.DateTimeField(null=True, editable=False)
    listed_at = models.DateTimeField(_("models last listed"), null=True, editable=False)
    # Fingerprint of the server of the environment whose models a start has offered.
    offered_server = models.CharField(max_length=64, db_default="", editable=False)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("environment",),
                condition=~models.Q(environment=""),
                name="connection_environment_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=ConnectionKind.values), name="connection_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(environment="") | models.Q(encrypted_key="", address=""),
                name="connection_environment_keeps_no_key",
            ),
        )

    def __str__(self) -> str:
        return self.name
