"""The search index: the words of every message and every title."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation, Message


class SearchEntry(models.Model):
    """The words of one part of a message, or of the conversation's title if `message` is null.

    Database triggers write these rows in the same transaction as the text, so they are never out of
    date. Every word is stored with a prefix of four letters that stands for its owner. Other
    people's words are therefore in other parts of the index, and do not make a search slower.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="+")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    part = models.PositiveSmallIntegerField(default=0)
    words = SearchVectorField()

    class Meta:
        verbose_name = _("search entry")
        verbose_name_plural = _("search entries")
        constraints = (
            models.UniqueConstraint(
                fields=("conversation",),
                condition=models.Q(message__isnull=True),
                name="searchentry_title_once",
            ),
            models.UniqueConstraint(fields=("message", "part"), name="searchentry_part_once"),
        )
        # Every search reads the index's list of pending entries, so keep it short (in KiB).
        indexes = (
            GinIndex(fields=("words",), name="searchentry_words", gin_pending_list_limit=256),
        )

    def __str__(self) -> str:
        return str(self.pk)
