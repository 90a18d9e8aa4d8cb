"""Runs (attempts to write an answer) and the text chunks that they save meanwhile."""

import uuid6
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.models.catalogue import ChatModel
from chat.models.conversation import Conversation, Message
from chat.models.preferences import INSTRUCTION_CHARS
from chat.models.prompt import PromptVersion


class Run(models.Model):
    """One attempt to write an answer: its lease, its configuration and its result.

    Continuing an answer creates a further run for the same message.
    """

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="runs")
    # The lease: `worker_id` identifies the process that writes the answer, and `lease_until` is by
    # the database's clock.
    worker_id = models.UUIDField()
    lease_until = models.DateTimeField()
    stop_requested = models.BooleanField(default=False)
    ended_at = models.DateTimeField(null=True)

    # The configuration that produced the answer, copied so that later changes to the catalogue
    # do not alter it.
    prompt_version = models.ForeignKey(
        PromptVersion, on_delete=models.PROTECT, null=True, related_name="+"
    )
    # The person's custom instructions that were sent; empty for none.
    instructions = models.CharField(max_length=INSTRUCTION_CHARS, default="", db_default="")
    model = models.ForeignKey(ChatModel, on_delete=models.SET_NULL, null=True, related_name="+")
    repo_id = models.CharField(max_length=200)
    provider = models.CharField(max_length=100, blank=True)
    temperature = models.FloatField(null=True)
    top_p = models.FloatField(null=True)
    frequency_penalty = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField()
    is_continuation = models.BooleanField(default=False)

    # The result; times are in milliseconds since the run started.
    prompt_tokens = models.PositiveIntegerField(null=True)
    # `answer_tokens` include those for thinking.
    answer_tokens = models.PositiveIntegerField(null=True)
    thinking_tokens = models.PositiveIntegerField(null=True)
    tokens_exact = models.BooleanField(default=False)
    first_token_ms = models.PositiveIntegerField(null=True)
    last_token_ms = models.PositiveIntegerField(null=True)
    # By the model's prices at that time; null without prices.
    cost = models.DecimalField(max_digits=20, decimal_places=8, null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    # What administrators see of a failure, see `chat.errors.Evidence`.
    evidence = models.JSONField(null=True)
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
    """A piece of a live answer's text; `offset` is its position in the answer, in characters.

    A piece of its thoughts has `is_thought` set, and its position in those. Chunks are appended
    while the run is live. Finishing the run moves their text into the message.
    """

    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="chunks", db_index=False)
    offset = models.PositiveIntegerField()
    text = models.TextField()
    is_thought = models.BooleanField(db_default=False)

    class Meta:
        verbose_name = _("chunk")
        verbose_name_plural = _("chunks")
        constraints = (
            models.UniqueConstraint(
                fields=("run", "is_thought", "offset"), name="chunk_position_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.id)
