"""A conversation's settings: the choice of model, system prompt and sampling values."""

from dataclasses import asdict, dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import F

from accounts.models import User
from chat.errors import ChatError
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.selectors.messages import get_conversation
from core.db.sql import columns, fetch, from_row, statement

# Accepted ranges; values outside are clamped.
TEMPERATURE_RANGE = (0.0, 2.0)
TOP_P_RANGE = (0.01, 1.0)
MIN_OUTPUT_TOKENS = 16
# The upper limit if no model is chosen; the default model's own limit applies to each answer.
MAX_OUTPUT_TOKENS = 1_000_000

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """Settings that a person chose for a conversation.

    None means the site's default for model and prompt, and the model's default for sampling values.
    """

    model_id: UUID | None = None
    prompt_id: UUID | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None


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


def validate_settings(choices: GenerationSettings) -> dict[str, object]:
    """Return the choices as column values of a conversation, clamped to their ranges.

    Raises ChatError `bad_form` for a model or a prompt that people may not choose.
    """
    max_output = max_output_of(choices.model_id) if choices.model_id else MAX_OUTPUT_TOKENS
    if choices.prompt_id and not SystemPrompt.objects.filter(pk=choices.prompt_id, enabled=True):
        raise ChatError("bad_form")
    return asdict(choices) | {
        "temperature": clamp(choices.temperature, TEMPERATURE_RANGE),
        "top_p": clamp(choices.top_p, TOP_P_RANGE),
        "max_tokens": clamp(choices.max_tokens, (MIN_OUTPUT_TOKENS, max_output)),
    }


def max_output_of(model_id: UUID) -> int:
    """Return the longest answer of a model, in tokens.

    Raises ChatError `bad_form` if the model is not enabled.
    """
    enabled = ChatModel.objects.filter(pk=model_id, enabled=True)
    max_output: int | None = enabled.values_list("max_output", flat=True).first()
    if max_output is None:
        raise ChatError("bad_form")
    return max_output


def clamp(value: N | None, bounds: tuple[N, N]) -> N | None:
    """Return the value, or the nearest bound if it lies outside; None stays None."""
    return None if value is None else min(max(value, bounds[0]), bounds[1])


def save_settings(user: User, conversation_id: UUID, choices: GenerationSettings) -> Conversation:
    """Save the settings that the next answer will use.

    Raises Conversation.DoesNotExist, or ChatError `bad_form`.
    """
    conversation = get_conversation(user, conversation_id)
    Conversation.objects.filter(pk=conversation.pk).update(
        **validate_settings(choices), version=F("version") + 1
    )
    conversation.refresh_from_db()
    return conversation
