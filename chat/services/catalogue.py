"""Choose the model that answers, and keep the demonstration model in step with LOCAL_MODEL."""

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
    """Return the models that people may choose, in the administrators' order."""
    return [from_row(ChatModel, row) for row in fetch(SELECT_ENABLED, {})]


def model_for(
    conversation: Conversation | None, models: list[ChatModel] | None = None
) -> ChatModel | None:
    """Return the model that would answer next, or None if no model is enabled.

    That is the conversation's own model if it is enabled, else the default one, else the first.
    Pass the enabled `models` if they are loaded already.
    """
    chosen_id = conversation.model_id if conversation else None

    def rank(model: ChatModel) -> tuple[bool, bool, int]:
        return model.pk != chosen_id, not model.is_default, model.position

    return min(list_enabled() if models is None else models, key=rank, default=None)


def sync_local_model() -> None:
    """Enable the demonstration model if LOCAL_MODEL is set, else disable it."""
    with transaction.atomic():
        if settings.LOCAL_MODEL:
            enable_local_model(settings.LOCAL_MODEL)
        else:
            disable_local_model()


def enable_local_model(repo_id: str) -> None:
    """Enable the demonstration model and make it the default; create its row if needed.

    A row that an administrator added for the same repository is left alone.
    """
    model, _ = ChatModel.objects.get_or_create(
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
    if not model.is_local or (model.enabled and model.is_default):
        return
    ChatModel.objects.filter(is_default=True).update(is_default=False)
    ChatModel.objects.filter(pk=model.pk).update(enabled=True, is_default=True)


def disable_local_model() -> None:
    """Disable the demonstration model.

    If it was the default, the first enabled model becomes the default.
    """
    was_default = ChatModel.objects.filter(is_local=True, is_default=True).exists()
    ChatModel.objects.filter(is_local=True).update(enabled=False, is_default=False)
    if was_default:
        first = ChatModel.objects.filter(enabled=True).order_by("position").first()
        if first is not None:
            ChatModel.objects.filter(pk=first.pk).update(is_default=True)
