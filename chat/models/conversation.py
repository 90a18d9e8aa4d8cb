"""Conversations and their messages: a tree in which the active leaf names the shown branch."""

import uuid6
from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from chat.querysets import ConversationQuerySet, MessageQuerySet


class Role(models.TextChoices):
    USER = "user", _("You")
    ASSISTANT = "assistant", _("Assistant")


class Status(models.TextChoices):
    PENDING = "pending", _("waiting")
    STREAMING = "streaming", _("answering")
    COMPLETE = "complete", _("complete")
    STOPPED = "stopped", _("stopped")
    FAILED = "failed", _("failed")
    INTERRUPTED = "interrupted", _("interrupted")


LIVE = (Status.PENDING, Status.STREAMING)
# Finish reasons of an answer that its model ended by itself.
FINISHED = ("stop", "eos_token", "stop_sequence", "done")


class Conversation(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(_("title"), max_length=200, blank=True)
    # A title that a person gave is never overwritten.
    title_is_own = models.BooleanField(default=False)
    active_leaf = models.ForeignKey(
        "Message", on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    model = models.ForeignKey("ChatModel", on_delete=models.SET_NULL, null=True, related_name="+")
    prompt = models.ForeignKey(
        "SystemPrompt", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    # Made by the page with the first message: posting twice makes one conversation.
    client_id = models.UUIDField(null=True)
    next_seq = models.PositiveIntegerField(default=1)
    # Counts every change that a page has to show; a page with another number is behind.
    version = models.PositiveBigIntegerField(default=0)
    # The transaction that wrote this row last; a trigger of the database fills it.
    written_in = models.PositiveBigIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(db_default=Now())
    active_at = models.DateTimeField(db_default=Now())
    deleted_at = models.DateTimeField(null=True)
    # When an answer last ended and when the owner last looked; unread in between.
    answered_at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    # Sampling that the owner chose; None is the model's own.
    temperature = models.FloatField(null=True)
    top_p = models.FloatField(null=True)
    max_tokens = models.PositiveIntegerField(null=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = (
            models.UniqueConstraint(
                fields=("owner", "client_id"), name="conversation_client_id_once"
            ),
        )
        indexes = (
            models.Index(
                fields=("owner", "-active_at", "-id"),
                condition=models.Q(deleted_at__isnull=True),
                name="conversation_recent",
            ),
            models.Index(
                fields=("deleted_at",),
                condition=models.Q(deleted_at__isnull=False),
                name="conversation_deleted",
            ),
            models.Index(fields=("owner", "written_in"), name="conversation_written"),
        )

    def __str__(self) -> str:
        return str(self.id)


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages", db_index=False
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="children", db_index=False
    )
    seq = models.PositiveIntegerField()
    role = models.CharField(max_length=10, choices=Role)
    status = models.CharField(max_length=12, choices=Status)
    text = models.TextField(blank=True)
    # The finished HTML and the version of the renderer that made it.
    html = models.TextField(blank=True)
    renderer = models.PositiveSmallIntegerField(default=0)
    client_id = models.UUIDField(null=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # What the owner thinks of an answer: 1, -1 or nothing, and why.
    feedback = models.SmallIntegerField(null=True)
    feedback_reason = models.CharField(max_length=500, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        # Each for what the other leaves out, so that no plan looks for first questions in the
        # wrong one.
        indexes = (
            models.Index(
                fields=("parent",),
                condition=models.Q(parent__isnull=False),
                name="message_children",
            ),
            models.Index(
                fields=("conversation",),
                condition=models.Q(parent__isnull=True),
                name="message_first",
            ),
        )
        constraints = (
            models.UniqueConstraint(fields=("conversation", "seq"), name="message_seq_once"),
            # Sending twice makes one message.
            models.UniqueConstraint(
                fields=("conversation", "client_id"), name="message_client_id_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role=Role.USER, status=Status.COMPLETE)
                | models.Q(role=Role.ASSISTANT, status__in=Status.values),
                name="message_role_and_status",
            ),
            models.CheckConstraint(
                condition=models.Q(status=Status.FAILED) | models.Q(error_code=""),
                name="message_error_only_when_failed",
            ),
            models.CheckConstraint(
                condition=models.Q(feedback__isnull=True)
                | models.Q(role=Role.ASSISTANT, feedback__in=(1, -1)),
                name="message_feedback_up_or_down",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_live(self) -> bool:
        return self.status in LIVE
