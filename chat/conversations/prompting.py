"""Writing and publishing system prompts, and which prompt and model are the default."""

from typing import Any

from django.db import transaction

from chat.models import ChatModel, PromptVersion, SystemPrompt


def newest(prompt: SystemPrompt) -> PromptVersion | None:
    return PromptVersion.objects.filter(prompt=prompt.pk).order_by("-number").first()


def write(prompt: SystemPrompt, text: str, note: str, author: Any) -> PromptVersion | None:
    """Save a wording as the next version; None when it is the newest one already.

    Two administrators who save at once get two versions: the prompt's row is held meanwhile.
    """
    with transaction.atomic():
        SystemPrompt.objects.select_for_update().get(pk=prompt.pk)
        last = newest(prompt)
        if last is not None and last.text == text:
            return None
        number = last.number + 1 if last else 1
        return PromptVersion.objects.create(
            prompt=prompt, number=number, text=text, note=note, author=author
        )


def publish(prompt: SystemPrompt, number: int) -> bool:
    """Let the next answers use this version; False if there is none of that number."""
    version = PromptVersion.objects.filter(prompt=prompt.pk, number=number).first()
    if version is None:
        return False
    return SystemPrompt.objects.filter(pk=prompt.pk).update(published=version) == 1


def make_default(prompt: SystemPrompt) -> None:
    with transaction.atomic():
        SystemPrompt.objects.exclude(pk=prompt.pk).filter(is_default=True).update(is_default=False)
        SystemPrompt.objects.filter(pk=prompt.pk).update(is_default=True)


def make_default_model(model: ChatModel) -> None:
    with transaction.atomic():
        ChatModel.objects.exclude(pk=model.pk).filter(is_default=True).update(is_default=False)
        ChatModel.objects.filter(pk=model.pk).update(is_default=True, enabled=True)
