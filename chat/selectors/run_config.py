"""Read the configuration of the next answer: its model, prompt version and limits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chat.errors import ChatError
from chat.llm import prompt
from chat.llm.endpoints import server_of
from chat.llm.tokens import counter
from chat.models import ChatModel, Conversation, PromptVersion
from chat.selectors.dialects import KNOWN_DIALECTS, attach_dialects, dialect_of
from chat.selectors.models import ALLOWED, MODEL_COLUMNS, USABLE, model_from_row, usable_parameters
from chat.selectors.sampling_ranges import clamp, ranges_of
from core.db.sql import column_count, columns, fetch, from_row, statement

# With fewer tokens than this left, there is no room for a question.
MIN_QUESTION_TOKENS = 16


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The model, the prompt version and the custom instructions that produce an answer.

    `instructions` are empty if the person has none, or none for this conversation.
    """

    model: ChatModel
    version: PromptVersion | None
    instructions: str = ""

    @property
    def system(self) -> str:
        """Return the text of the system message."""
        return prompt.system_text(self.version.text if self.version else "", self.instructions)


@dataclass(frozen=True, slots=True)
class TurnPreconditions:
    """What must be known before an answer may start.

    `is_repeated` tells whether the question was sent before. `live_conversation_ids` are those of
    the person's conversations with a live answer. `config` is None if no model is enabled.
    """

    is_repeated: bool
    live_conversation_ids: list[UUID]
    config: RunConfig | None


# Sampling values of a run that a server may refuse.
SAMPLING_COLUMNS = frozenset({"temperature", "top_p", "frequency_penalty"})

# The conversation's own model and prompt if they are enabled, else the person's default ones, else
# the site's. Its own model counts even if its server does not offer it: no other server gets the
# conversation unasked. A person's default that is not offered does not count.
EFFECTIVE = statement(
    """
(SELECT 1) AS one LEFT JOIN chat_chatpreferences preferences ON preferences.user_id = %(owner)s
LEFT JOIN LATERAL (
    SELECT model.* FROM chat_chatmodel model
    LEFT JOIN chat_connection connection ON connection.id = model.connection_id
    WHERE {allowed}
    ORDER BY model.id = %(model)s DESC NULLS LAST, {usable} DESC,
        model.id = preferences.model_id DESC NULLS LAST, is_default DESC, position LIMIT 1
) model ON true LEFT JOIN chat_connection connection ON connection.id = model.connection_id
LEFT JOIN LATERAL (
    SELECT published_id FROM chat_systemprompt
    WHERE published_id IS NOT NULL
        AND (is_default OR (enabled AND id IN (%(prompt)s, preferences.prompt_id)))
    ORDER BY id = %(prompt)s DESC NULLS LAST, id = preferences.prompt_id DESC NULLS LAST LIMIT 1
) prompt ON true LEFT JOIN chat_promptversion version ON version.id = prompt.published_id
""",
    allowed=ALLOWED,
    usable=USABLE,
)
INSTRUCTIONS = "CASE WHEN %(uses_instructions)s THEN COALESCE(instructions, '') ELSE '' END"
EFFECTIVE_COLUMNS = (
    f"{KNOWN_DIALECTS}, {INSTRUCTIONS}, {columns(PromptVersion, 'version')}, {MODEL_COLUMNS}"
)
SELECT_RUN_CONFIG = statement(
    "SELECT {columns} FROM {effective}", columns=EFFECTIVE_COLUMNS, effective=EFFECTIVE
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
), {columns} FROM {effective}
""",
    columns=EFFECTIVE_COLUMNS,
    effective=EFFECTIVE,
)


def load_run_config(conversation: Conversation) -> RunConfig:
    """Return the model and prompt version that would answer now.

    Raises ChatError `not_configured` if no model is enabled.
    """
    return require_run_config(effective_config(conversation))


def effective_config(conversation: Conversation) -> RunConfig | None:
    """Return the model and prompt version that would answer now, None if no model is enabled."""
    (row,) = fetch(SELECT_RUN_CONFIG, effective_parameters(conversation))
    return run_config_from_row(row)


def load_preconditions(
    conversation: Conversation, client_id: UUID | None = None
) -> TurnPreconditions:
    """Read the preconditions of a turn. Call this while the conversation is locked."""
    ((is_repeated, live_conversation_ids, *values),) = fetch(
        SELECT_PRECONDITIONS,
        {
            "conversation": conversation.pk,
            "client": client_id,
            **effective_parameters(conversation),
        },
    )
    return TurnPreconditions(is_repeated, live_conversation_ids, run_config_from_row(values))


def effective_parameters(conversation: Conversation) -> dict[str, Any]:
    """Return the parameters of EFFECTIVE."""
    return {
        "owner": conversation.owner_id,
        "model": conversation.model_id,
        "prompt": conversation.prompt_id,
        "uses_instructions": conversation.uses_instructions,
        **usable_parameters(),
    }


def require_run_config(config: RunConfig | None) -> RunConfig:
    """Return the configuration. Raises ChatError `not_configured` if it is None."""
    if config is None:
        raise ChatError("not_configured")
    return config


def run_config_from_row(values: Sequence[Any]) -> RunConfig | None:
    """Build the configuration from a row of `EFFECTIVE_COLUMNS`; None without a model."""
    dialects, instructions, *values = values
    split = column_count(PromptVersion)
    version, model = values[:split], values[split:]
    if model[0] is None:
        return None
    return RunConfig(
        attach_dialects(model_from_row(model), dialects),
        from_row(PromptVersion, version) if version[0] else None,
        instructions,
    )


def check_question_fits(config: RunConfig, conversation: Conversation, text: str) -> None:
    """Raise ChatError if the question does not fit into the model's window.

    That is `question_too_long` with both counts, or `no_room` if no shorter question would fit.
    """
    model = config.model
    room = room_for_question(model, config.system, output_limit(model, conversation))
    # A token is at least one byte long, so most questions need not be counted.
    if len(text.encode()) < room:
        return
    tokens = counter(model.tokenizer).text(text)
    if tokens <= room:
        return
    if room < MIN_QUESTION_TOKENS:
        raise ChatError("no_room")
    raise ChatError("question_too_long", counts={"tokens": tokens, "room": room})


def room_for_question(model: ChatModel, system: str, longest: int) -> int:
    """Return the tokens left beside the system message and an answer of `longest` tokens."""
    budget = model.context_window - longest
    return prompt.room_for_question(system, budget, counter(model.tokenizer))


def run_fields(config: RunConfig, conversation: Conversation) -> dict[str, object]:
    """Return the configuration as column values of a run.

    The run keeps a copy, so that it stays correct when the catalogue changes. Sampling values that
    the server refuses are not sent, and so null.
    """
    model, ranges = config.model, ranges_of(config.model)
    omitted = dialect_of(model, server_of(model)).omitted
    return {
        "prompt_version": config.version,
        "instructions": config.instructions,
        "model": model,
        "repo_id": model.repo_id,
        "temperature": chosen_in_range(
            conversation.temperature, model.temperature, ranges.temperature
        ),
        "top_p": chosen_in_range(conversation.top_p, model.top_p, ranges.top_p),
        "frequency_penalty": model.frequency_penalty or None,
        "max_tokens": output_limit(model, conversation),
        **dict.fromkeys(SAMPLING_COLUMNS & omitted),
    }


def output_limit(model: ChatModel, conversation: Conversation) -> int:
    """Return the longest answer in tokens: the owner's choice, at most the model's limit."""
    chosen = conversation.max_tokens
    return model.max_output if chosen is None else min(chosen, model.max_output)


def chosen_in_range(
    chosen: float | None, default: float | None, bounds: tuple[float, float]
) -> float | None:
    """Return the owner's choice within its range, or the model's default if it is None."""
    value = clamp(chosen, bounds)
    return default if value is None else value


def chosen_or_default(chosen: float | None, default: float | None) -> float | None:
    """Return the owner's choice, or the model's default if it is None; None is not sent."""
    return default if chosen is None else chosen
