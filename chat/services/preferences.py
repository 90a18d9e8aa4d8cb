"""What a person chose for a conversation: model, system prompt and sampling."""

from dataclasses import asdict, dataclass
from typing import TypeVar
from uuid import UUID

from django.db.models import F

from accounts.models import User
from chat.errors import ChatError
from chat.models import ChatModel, Conversation, SystemPrompt
from core.db.sql import columns, fetch, from_row, statement

# Sane ranges; what lies outside is moved to the nearest end.
TEMPERATURE_RANGE = (0.0, 2.0)
TOP_P_RANGE = (0.01, 1.0)
MIN_OUTPUT_TOKENS = 16
# Where the default model answers: its own limit holds when the answer is made.
MAX_OUTPUT_TOKENS = 1_000_000

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """None is the site's default (model and prompt) or the model's own value (sampling)."""

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
SELECT text FROM chat_suggestion WHERE enabled ORDER BY position, text LIMIT %(most)s
"""


def list_prompts() -> list[SystemPrompt]:
    """The system prompts that people may choose: enabled ones with a published version."""
    return [from_row(SystemPrompt, row) for row in fetch(SELECT_PROMPTS, {})]


def list_suggestions(most: int = 6) -> list[str]:
    return [text for (text,) in fetch(SELECT_SUGGESTIONS, {"most": most})]


def validate_settings(choices: GenerationSettings) -> dict[str, object]:
    """The choices as values of a conversation's row. Raises ChatError `bad_form` for a model or a
    prompt that is not offered."""
    most = max_output_of(choices.model_id) if choices.model_id else MAX_OUTPUT_TOKENS
    if choices.prompt_id and not SystemPrompt.objects.filter(pk=choices.prompt_id, enabled=True):
        raise ChatError("bad_form")
    return asdict(choices) | {
        "temperature": clamp(choices.temperature, TEMPERATURE_RANGE),
        "top_p": clamp(choices.top_p, TOP_P_RANGE),
        "max_tokens": clamp(choices.max_tokens, (MIN_OUTPUT_TOKENS, most)),
    }


def max_output_of(model_id: UUID) -> int:
    """The longest answer of a model that may be chosen. Raises ChatError `bad_form`."""
    offered = ChatModel.objects.filter(pk=model_id, enabled=True)
    found: int | None = offered.values_list("max_output", flat=True).first()
    if found is None:
        raise ChatError("bad_form")
    return found


def clamp(value: N | None, ends: tuple[N, N]) -> N | None:
    return None if value is None else min(max(value, ends[0]), ends[1])


def save_settings(user: User, conversation_id: UUID, choices: GenerationSettings) -> Conversation:
    """Store the choices: the next turn is made with them. Raises Conversation.DoesNotExist."""
    found: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    Conversation.objects.filter(pk=found.pk).update(
        **validate_settings(choices), version=F("version") + 1
    )
    found.refresh_from_db()
    return found
