"""What search looks through: the words of each message and of each title."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.conversation import Conversation, Message


class SearchEntry(models.Model):
    """Words of a part of one message, or of the title where there is no message.

    Triggers of the database write these rows with the text itself, so they cannot fall behind. A
    word is stored behind four letters that stand for its owner: what others wrote is in other parts
    of the index, and the cost of a search does not grow with it.
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
        # New entries wait in a list that every search reads; it is kept short.
        indexes = (
            GinIndex(fields=("words",), name="searchentry_words", gin_pending_list_limit=256),
        )

    def __str__(self) -> str:
        return str(self.pk)
