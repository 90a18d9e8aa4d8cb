"""Which model answers, and the demonstration model that comes and goes with LOCAL_MODEL."""

from django.conf import settings
from django.db import transaction

from chat.models import ChatModel, Conversation
from core.db.sql import columns, fetch, from_row, statement

LOCAL_NOTE = (
    "This is a small demonstration model that runs on this machine. It makes many mistakes. "
    "Set HF_TOKEN to talk to Mistral-7B-Instruct-v0.3."
)


SELECT_ENABLED = statement(
    "SELECT {model} FROM chat_chatmodel model WHERE enabled ORDER BY position, label",
    model=columns(ChatModel, "model"),
)


def list_enabled() -> list[ChatModel]:
    """The models that people may choose, in the administrators' order."""
    return [from_row(ChatModel, row) for row in fetch(SELECT_ENABLED, {})]


def model_for(
    conversation: Conversation | None, models: list[ChatModel] | None = None
) -> ChatModel | None:
    """The model that would answer next: the conversation's own, else the default.

    `models` are the enabled ones, if they were read before.
    """
    own = conversation.model_id if conversation else None

    def rank(model: ChatModel) -> tuple[bool, bool, int]:
        return model.pk != own, not model.is_default, model.position

    return min(list_enabled() if models is None else models, key=rank, default=None)


def sync_local_model() -> None:
    """With LOCAL_MODEL its row is enabled and the default; without it the row is switched off."""
    with transaction.atomic():
        if settings.LOCAL_MODEL:
            enable_local_model(settings.LOCAL_MODEL)
        else:
            disable_local_model()


def enable_local_model(repo_id: str) -> None:
    row, _ = ChatModel.objects.get_or_create(
        repo_id=repo_id,
        defaults={
            "label": f"{repo_id} (demonstration)",
            "context_window": 4096,
            "max_output": 512,
            "temperature": 0.4,
            "top_p": 0.9,
            "frequency_penalty": 0.4,
            "is_local": True,
            "position": 5,
            "enabled": False,
            "note": LOCAL_NOTE,
        },
    )
    if not row.is_local or (row.enabled and row.is_default):
        return
    ChatModel.objects.filter(is_default=True).update(is_default=False)
    ChatModel.objects.filter(pk=row.pk).update(enabled=True, is_default=True)


def disable_local_model() -> None:
    """Give the place of the default back to the first model of the catalogue."""
    was_default = ChatModel.objects.filter(is_local=True, is_default=True).exists()
    ChatModel.objects.filter(is_local=True).update(enabled=False, is_default=False)
    if was_default:
        first = ChatModel.objects.filter(enabled=True).order_by("position").first()
        if first is not None:
            ChatModel.objects.filter(pk=first.pk).update(is_default=True)
