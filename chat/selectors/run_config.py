"""What makes an answer: the model and the wording of the prompt that are in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from chat.errors import ChatError
from chat.llm import prompt
from chat.llm.tokens import counter
from chat.models import ChatModel, Conversation, PromptVersion
from core.db.sql import column_count, columns, fetch, from_row, statement

N = TypeVar("N", int, float)
# Tokens; less room than that is no room for a question.
MIN_QUESTION_TOKENS = 16


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What makes an answer: a model and a version of a prompt."""

    model: ChatModel
    version: PromptVersion | None


@dataclass(frozen=True, slots=True)
class TurnPreconditions:
    """What is to be known before an answer begins: whether the question was sent before, the
    person's conversations in which an answer runs, and who makes the answer (None: nobody can)."""

    sent: bool
    live: list[UUID]
    maker: RunConfig | None


# The conversation's own model and prompt while they are offered, else the default ones.
EFFECTIVE = """
(SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM chat_chatmodel WHERE enabled
    ORDER BY id = %(model)s DESC NULLS LAST, is_default DESC, position LIMIT 1
) model ON true LEFT JOIN LATERAL (
    SELECT published_id FROM chat_systemprompt
    WHERE published_id IS NOT NULL AND (is_default OR (enabled AND id = %(prompt)s))
    ORDER BY is_default LIMIT 1
) prompt ON true LEFT JOIN chat_promptversion version ON version.id = prompt.published_id
"""
EFFECTIVE_COLUMNS = f"{columns(PromptVersion, 'version')}, {columns(ChatModel, 'model')}"
SELECT_RUN_CONFIG = statement(
    "SELECT {columns} FROM {force}", columns=EFFECTIVE_COLUMNS, force=EFFECTIVE
)
SELECT_PRECONDITIONS = statement(
    """
SELECT EXISTS (
    SELECT FROM chat_message
    WHERE conversation_id = %(conversation)s AND client_id = %(client)s
), ARRAY(
    SELECT run.conversation_id FROM chat_run run JOIN LATERAL (
        SELECT owner_id FROM chat_conversation WHERE id = run.conversation_id LIMIT 1
    ) c ON c.owner_id = %(owner)s WHERE run.ended_at IS NULL
), {columns} FROM {force}
""",
    columns=EFFECTIVE_COLUMNS,
    force=EFFECTIVE,
)


def load_run_config(conversation: Conversation) -> RunConfig:
    """The model and the prompt in force now. Raises ChatError `not_configured` without a model."""
    (found,) = fetch(
        SELECT_RUN_CONFIG, {"model": conversation.model_id, "prompt": conversation.prompt_id}
    )
    return require_run_config(run_config_from_row(found))


def load_preconditions(
    conversation: Conversation, client_id: UUID | None = None
) -> TurnPreconditions:
    """As it is now: to be read while the conversation is held."""
    ((sent, live, *maker),) = fetch(
        SELECT_PRECONDITIONS,
        {
            "conversation": conversation.pk,
            "client": client_id,
            "owner": conversation.owner_id,
            "model": conversation.model_id,
            "prompt": conversation.prompt_id,
        },
    )
    return TurnPreconditions(sent, live, run_config_from_row(maker))


def require_run_config(maker: RunConfig | None) -> RunConfig:
    if maker is None:
        raise ChatError("not_configured")
    return maker


def run_config_from_row(values: Sequence[Any]) -> RunConfig | None:
    wide = column_count(PromptVersion)
    version, model = values[:wide], values[wide:]
    if model[0] is None:
        return None
    return RunConfig(
        from_row(ChatModel, model), from_row(PromptVersion, version) if version[0] else None
    )


def check_question_fits(maker: RunConfig, conversation: Conversation, text: str) -> None:
    """Raises ChatError for what can never be answered: `question_too_long` with the counts, or
    `no_room` where no shorter question would help."""
    model = maker.model
    room = room_for_question(model, maker.version, output_limit(model, conversation))
    # No token is shorter than a byte's worth; most questions need no counting.
    if len(text.encode()) < room:
        return
    tokens = counter(model.tokenizer).text(text)
    if tokens <= room:
        return
    if room < MIN_QUESTION_TOKENS:
        raise ChatError("no_room")
    raise ChatError("question_too_long", counts={"tokens": tokens, "room": room})


def room_for_question(model: ChatModel, version: PromptVersion | None, longest: int) -> int:
    """Tokens of the window beside the prompt and an answer of `longest` tokens."""
    budget = model.context_window - longest
    return prompt.room_for_question(
        version.text if version else "", budget, counter(model.tokenizer)
    )


def run_fields(maker: RunConfig, conversation: Conversation) -> dict[str, object]:
    """What a run records of its making, so that it stays true when the catalogue changes."""
    model = maker.model
    return {
        "prompt_version": maker.version,
        "model": model,
        "repo_id": model.repo_id,
        "temperature": chosen_or_default(conversation.temperature, model.temperature),
        "top_p": chosen_or_default(conversation.top_p, model.top_p),
        "frequency_penalty": model.frequency_penalty or None,
        "max_tokens": output_limit(model, conversation),
    }


def output_limit(model: ChatModel, conversation: Conversation) -> int:
    """The longest answer, tokens."""
    return min(chosen_or_default(conversation.max_tokens, model.max_output), model.max_output)


def chosen_or_default(chosen: N | None, default: N) -> N:
    """What the owner chose, else the model's own value."""
    return default if chosen is None else chosen
