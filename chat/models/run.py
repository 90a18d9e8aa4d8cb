"""Runs: each attempt to write an answer, who holds it, and exactly what made it."""

import uuid6
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.catalogue import ChatModel
from chat.models.conversation import Conversation, Message
from chat.models.prompt import PromptVersion


class Run(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="runs")
    # The lease: which process writes, and until when, by the database's clock.
    owner = models.UUIDField()
    lease_until = models.DateTimeField()
    stop_requested = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    # What made the answer; kept when the catalogue changes.
    prompt_version = models.ForeignKey(
        PromptVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    model = models.ForeignKey(ChatModel, on_delete=models.SET_NULL, null=True, related_name="+")
    repo_id = models.CharField(max_length=200)
    provider = models.CharField(max_length=100, blank=True)
    temperature = models.FloatField(null=True)
    top_p = models.FloatField(null=True)
    frequency_penalty = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField()
    is_continuation = models.BooleanField(default=False)

    # What came of it.
    prompt_tokens = models.PositiveIntegerField(null=True)
    answer_tokens = models.PositiveIntegerField(null=True)
    tokens_exact = models.BooleanField(default=False)
    first_token_ms = models.PositiveIntegerField(null=True)
    last_token_ms = models.PositiveIntegerField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        constraints = (
            models.UniqueConstraint(
                fields=("conversation",),
                condition=models.Q(ended_at__isnull=True),
                name="run_one_live_per_conversation",
            ),
        )
        indexes = (
            models.Index(
                fields=("lease_until",),
                condition=models.Q(ended_at__isnull=True),
                name="run_live_leases",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class Chunk(models.Model):
    """Text on its way: appended while a run lives, folded into the message at its close."""

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    offset = models.PositiveIntegerField()
    text = models.TextField()

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        constraints = (models.UniqueConstraint(fields=("run", "offset"), name="chunk_offset_once"),)

    def __str__(self) -> str:
        return str(self.id)
