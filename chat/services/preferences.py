"""A conversation's settings: the choice of model, system prompt and sampling values."""

from dataclasses import asdict, dataclass
from uuid import UUID

from django.db.models import F

from accounts.models import User
from chat.errors import ChatError
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.selectors.messages import get_conversation
from chat.selectors.models import list_allowed
from chat.selectors.sampling_ranges import clamp, ranges_of
from core.db.sql import columns, fetch, from_row, statement


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """Settings that a person chose for a conversation.

    None means the person's default for model and prompt, else the site's, the model's default for
    sampling values, and for `uses_instructions` that nothing changes.
    """

    model_id: UUID | None = None
    prompt_id: UUID | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    uses_instructions: bool | None = None


SELECT_PROMPTS = statement(
    "SELECT {prompt} FROM chat_systemprompt prompt"
    " WHERE enabled AND published_id IS NOT NULL ORDER BY name",
    prompt=columns(SystemPrompt, "prompt"),
)
SELECT_SUGGESTIONS = """
SELECT text FROM chat_suggestion WHERE enabled ORDER BY position, text LIMIT %(limit)s
"""


def list_prompts() -> list[SystemPrompt]:
    """Return the prompts that people may choose: the enabled ones with a published version."""
    return [from_row(SystemPrompt, row) for row in fetch(SELECT_PROMPTS, {})]


def list_suggestions(limit: int = 6) -> list[str]:
    """Return the first questions that an empty chat offers."""
    return [text for (text,) in fetch(SELECT_SUGGESTIONS, {"limit": limit})]


def validate_settings(user: User, choices: GenerationSettings) -> dict[str, object]:
    """Return the choices as column values of a conversation, clamped to their ranges.

    Raises ChatError `bad_form` for a model or a prompt that people may not choose.
    """
    ranges = ranges_of(chosen_model(user, choices.model_id) if choices.model_id else None)
    if choices.prompt_id and not SystemPrompt.objects.filter(pk=choices.prompt_id, enabled=True):
        raise ChatError("bad_form")
    values = asdict(choices) | {
        "temperature": clamp(choices.temperature, ranges.temperature),
        "top_p": clamp(choices.top_p, ranges.top_p),
        "max_tokens": clamp(choices.max_tokens, ranges.max_tokens),
    }
    if choices.uses_instructions is None:
        del values["uses_instructions"]
    return values


def chosen_model(user: User, model_id: UUID) -> ChatModel:
    """Return a model that a person chose.

    Raises ChatError `bad_form` if the person may not use it.
    """
    model = next((item for item in list_allowed(user.pk) if item.pk == model_id), None)
    if model is None:
        raise ChatError("bad_form")
    return model


def save_settings(user: User, conversation_id: UUID, choices: GenerationSettings) -> Conversation:
    """Save the settings that the next answer will use.

    Raises Conversation.DoesNotExist, or ChatError `bad_form`.
    """
    conversation = get_conversation(user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        **validate_settings(user, choices), version=F("version") + 1
    )
    conversation.refresh_from_db()
    return conversation
