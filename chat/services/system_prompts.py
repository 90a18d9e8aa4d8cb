"""Save and publish system prompts, and set the default prompt and model."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from chat.models import ChatModel, PromptVersion, SystemPrompt
from chat.selectors.run_config import MIN_QUESTION_TOKENS, room_for_question


def newest_version(prompt: SystemPrompt) -> PromptVersion | None:
    """Return the version with the highest number, or None if there is none."""
    return PromptVersion.objects.filter(prompt=prompt.pk).order_by("-number").first()


def lock_newest_version(prompt: SystemPrompt) -> PromptVersion | None:
    """Return the newest version, and lock the prompt against new ones.

    The lock lasts until the end of the transaction.
    """
    SystemPrompt.objects.select_for_update(no_key=True).filter(pk=prompt.pk).first()
    return newest_version(prompt)


def save_version(prompt: SystemPrompt, text: str, note: str, author: Any) -> PromptVersion | None:
    """Save a text as the next version; return None if the newest version has the same text.

    The prompt's row is locked meanwhile, so that two administrators who save at the same time get
    two versions.
    """
    with transaction.atomic():
        newest = lock_newest_version(prompt)
        if newest is not None and newest.text == text:
            return None
        number = newest.number + 1 if newest else 1
        return PromptVersion.objects.create(
            prompt=prompt, number=number, text=text, note=note, author=author
        )


def publish(prompt: SystemPrompt, number: int) -> bool:
    """Make the next answers use this version; return False if there is no such version."""
    version = PromptVersion.objects.filter(prompt=prompt.pk, number=number).first()
    if version is None:
        return False
    return SystemPrompt.objects.filter(pk=prompt.pk).update(published=version) == 1


def is_default(prompt: SystemPrompt) -> bool:
    """Return whether this prompt is the default now, not when it was loaded."""
    return SystemPrompt.objects.filter(pk=prompt.pk, is_default=True).exists()


def make_default(prompt: SystemPrompt) -> bool:
    """Make this prompt the only default; return False if it is not published or not enabled."""
    usable = SystemPrompt.objects.filter(pk=prompt.pk, enabled=True, published__isnull=False)
    with transaction.atomic():
        # The lock keeps the prompt enabled until the commit.
        if usable.select_for_update(no_key=True).first() is None:
            return False
        SystemPrompt.objects.exclude(pk=prompt.pk).filter(is_default=True).update(is_default=False)
        return usable.update(is_default=True) == 1


def make_default_model(model: ChatModel) -> None:
    """Enable this model and make it the only default."""
    with transaction.atomic():
        ChatModel.objects.exclude(pk=model.pk).filter(is_default=True).update(is_default=False)
        ChatModel.objects.filter(pk=model.pk).update(is_default=True, enabled=True)


def usable_prompts() -> QuerySet[SystemPrompt]:
    """Return the prompts that a conversation may use: published, and enabled or the default."""
    published = SystemPrompt.objects.filter(published__isnull=False).select_related("published")
    return published.filter(Q(enabled=True) | Q(is_default=True))


def find_cramped_pairs(
    models: Iterable[ChatModel], prompts: Iterable[SystemPrompt]
) -> list[tuple[ChatModel, SystemPrompt]]:
    """Return the pairs of model and prompt that leave no room for a question."""
    return [
        (model, prompt)
        for prompt in prompts
        for model in models
        if room_for_question(model, published_text(prompt), model.max_output) < MIN_QUESTION_TOKENS
    ]


def published_text(prompt: SystemPrompt) -> str:
    return prompt.published.text if prompt.published else ""
