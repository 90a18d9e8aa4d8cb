"""The fold with model, system prompt and sampling."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.html import escape
from django.utils.translation import gettext as _

from chat.conversations.choosing import LEAST_TOKENS, TEMPERATURE, TOP_P
from chat.fragments.partials import partial
from chat.models import ChatModel, Conversation, SystemPrompt


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


def options_context(
    conversation: Conversation | None,
    model: ChatModel | None,
    models: Iterable[ChatModel],
    prompts: Iterable[SystemPrompt],
) -> dict[str, Any]:
    """What `_options.html` shows; sampling is empty where the model's own value holds."""
    model_id = model.pk if model else None
    prompt_id = conversation.prompt_id if conversation else None
    prompts = list(prompts)
    if prompt_id is None:
        prompt_id = next((prompt.pk for prompt in prompts if prompt.is_default), None)
    return {
        "models": [option(item.pk, item.label, model_id) for item in models],
        "prompts": [option(item.pk, item.name, prompt_id) for item in prompts],
        "temperature": TEMPERATURE,
        "top_p": TOP_P,
        "least_tokens": LEAST_TOKENS,
    }


def option(key: UUID, label: str, selected: UUID | None) -> Option:
    return Option(str(key), label, key == selected)


def model_html(model: ChatModel | None) -> str:
    """Name and note of the model after another one was chosen."""
    label = escape(model.label) if model else ""
    note = escape(_(model.note)) if model else ""
    return partial("#model-label", "textContent", label) + partial(
        "#model-note", "textContent", note
    )
