"""What a person prefers in new chats, and their custom instructions."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chat.models.catalogue import ChatModel
from chat.models.prompt import SystemPrompt

INSTRUCTION_CHARS = 1000


class ChatPreferences(models.Model):
    """The default model, default prompt and custom instructions of one person.

    A person without a row has chosen nothing. The labels name a default whose own row is deleted.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="chat_preferences",
    )
    model = models.ForeignKey(ChatModel, on_delete=models.SET_NULL, null=True, related_name="+")
    model_label = models.CharField(max_length=100, default="", db_default="")
    prompt = models.ForeignKey(SystemPrompt, on_delete=models.SET_NULL, null=True, related_name="+")
    prompt_name = models.CharField(max_length=100, default="", db_default="")
    instructions = models.CharField(max_length=INSTRUCTION_CHARS, default="", db_default="")

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.pk)
