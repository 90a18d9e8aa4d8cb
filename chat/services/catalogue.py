"""Choose the model that answers, and keep the demonstration model in step with LOCAL_MODEL."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction

from chat.llm.endpoints import endpoint, is_usable
from chat.models import ChatModel, Conversation

LOCAL_NOTE = (
    "This is a small demonstration model that runs on this machine. It makes many mistakes. "
    "Set HF_TOKEN to talk to Mistral-7B-Instruct-v0.3."
)


def model_for(
    conversation: Conversation | None, models: Iterable[ChatModel], default_id: UUID | None = None
) -> ChatModel | None:
    """Return the one of the `models` that would answer next, or None if there is none.

    That is the conversation's own model, else the person's default (`default_id`), else the site's,
    else the first. Of the others a model comes last whose server is not set up or does not offer it
    any more. Pass those of `list_allowed`; `run_config.EFFECTIVE` chooses the same one.
    """
    chosen_id = conversation.model_id if conversation else None

    def rank(model: ChatModel) -> tuple[bool, bool, bool, bool, int]:
        return (
            model.pk != chosen_id,
            not is_usable(model),
            model.pk != default_id,
            not model.is_default,
            model.position,
        )

    return min(models, key=rank, default=None)


def is_gone(conversation: Conversation | None, model: ChatModel | None) -> bool:
    """Return whether `model` is the conversation's own choice, and its server does not offer it.

    Another model may be on another server, so the person has to choose it. On a site without any
    server that is not the cause.
    """
    chosen_id = conversation.model_id if conversation else None
    if model is None or model.pk != chosen_id or is_usable(model):
        return False
    return model.missing_since is not None or endpoint().kind != "none"


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
        connection=None,
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
    ChatModel.objects.filter(pk=model.pk).update(enabled=True)
    # An administrator who connected another server has chosen its model.
    if ChatModel.objects.filter(is_default=True, enabled=True, connection__isnull=False).exists():
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
