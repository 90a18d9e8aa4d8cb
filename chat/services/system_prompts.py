"""Writing and publishing system prompts, and which prompt and model are the default."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from chat.models import ChatModel, PromptVersion, SystemPrompt
from chat.selectors.run_config import MIN_QUESTION_TOKENS, room_for_question


def newest_version(prompt: SystemPrompt) -> PromptVersion | None:
    return PromptVersion.objects.filter(prompt=prompt.pk).order_by("-number").first()


def lock_newest_version(prompt: SystemPrompt) -> PromptVersion | None:
    """The newest version; until the transaction ends nobody else writes another one."""
    SystemPrompt.objects.select_for_update(no_key=True).filter(pk=prompt.pk).first()
    return newest_version(prompt)


def save_version(prompt: SystemPrompt, text: str, note: str, author: Any) -> PromptVersion | None:
    """Save a wording as the next version; None when it is the newest one already.

    Two administrators who save at once get two versions: the prompt's row is held meanwhile.
    """
    with transaction.atomic():
        last = lock_newest_version(prompt)
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


def usable_prompts() -> QuerySet[SystemPrompt]:
    """Prompts that may begin a conversation."""
    published = SystemPrompt.objects.filter(published__isnull=False).select_related("published")
    return published.filter(Q(enabled=True) | Q(is_default=True))


def find_cramped_pairs(
    models: Iterable[ChatModel], prompts: Iterable[SystemPrompt]
) -> list[tuple[ChatModel, SystemPrompt]]:
    """The pairs that leave no room for a question."""
    return [
        (model, prompt)
        for prompt in prompts
        for model in models
        if room_for_question(model, prompt.published, model.max_output) < MIN_QUESTION_TOKENS
    ]
