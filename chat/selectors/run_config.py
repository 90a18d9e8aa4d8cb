"""What makes an answer: the model and the wording of the prompt that are in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from chat.errors import ChatError
from chat.llm import prompt
from chat.llm.tokens import counter
from chat.models import ChatModel, Conversation, PromptVersion
from core.db.sql import columns, fetch, made, statement, width

N = TypeVar("N", int, float)
# Tokens; less room than that is no room for a question.
SHORT_QUESTION = 16


@dataclass(frozen=True, slots=True)
class Maker:
    """What makes an answer: a model and a version of a prompt."""

    model: ChatModel
    version: PromptVersion | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is to be known before an answer begins: whether the question was sent before, the
    person's conversations in which an answer runs, and who makes the answer (None: nobody can)."""

    sent: bool
    live: list[UUID]
    maker: Maker | None


# The conversation's own model and prompt while they are offered, else the default ones.
IN_FORCE = """
(SELECT 1) AS one LEFT JOIN LATERAL (
    SELECT * FROM chat_chatmodel WHERE enabled
    ORDER BY id = %(model)s DESC NULLS LAST, is_default DESC, position LIMIT 1
) model ON true LEFT JOIN LATERAL (
    SELECT published_id FROM chat_systemprompt
    WHERE published_id IS NOT NULL AND (is_default OR (enabled AND id = %(prompt)s))
    ORDER BY is_default LIMIT 1
) prompt ON true LEFT JOIN chat_promptversion version ON version.id = prompt.published_id
"""
IN_FORCE_COLUMNS = f"{columns(PromptVersion, 'version')}, {columns(ChatModel, 'model')}"
MAKER = statement("SELECT {columns} FROM {force}", columns=IN_FORCE_COLUMNS, force=IN_FORCE)
STANDING = statement(
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
    columns=IN_FORCE_COLUMNS,
    force=IN_FORCE,
)


def maker_of(conversation: Conversation) -> Maker:
    """The model and the prompt in force now. Raises ChatError `not_configured` without a model."""
    (found,) = fetch(MAKER, {"model": conversation.model_id, "prompt": conversation.prompt_id})
    return known(maker_from(found))


def standing(conversation: Conversation, client_id: UUID | None = None) -> Standing:
    """As it is now: to be read while the conversation is held."""
    ((sent, live, *maker),) = fetch(
        STANDING,
        {
            "conversation": conversation.pk,
            "client": client_id,
            "owner": conversation.owner_id,
            "model": conversation.model_id,
            "prompt": conversation.prompt_id,
        },
    )
    return Standing(sent, live, maker_from(maker))


def known(maker: Maker | None) -> Maker:
    if maker is None:
        raise ChatError("not_configured")
    return maker


def maker_from(values: Sequence[Any]) -> Maker | None:
    wide = width(PromptVersion)
    version, model = values[:wide], values[wide:]
    if model[0] is None:
        return None
    return Maker(made(ChatModel, model), made(PromptVersion, version) if version[0] else None)


def fits(maker: Maker, conversation: Conversation, text: str) -> None:
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
    if room < SHORT_QUESTION:
        raise ChatError("no_room")
    raise ChatError("question_too_long", counts={"tokens": tokens, "room": room})


def room_for_question(model: ChatModel, version: PromptVersion | None, longest: int) -> int:
    """Tokens of the window beside the prompt and an answer of `longest` tokens."""
    budget = model.context_window - longest
    return prompt.room(version.text if version else "", budget, counter(model.tokenizer))


def made_by(maker: Maker, conversation: Conversation) -> dict[str, object]:
    """What a run records of its making, so that it stays true when the catalogue changes."""
    model = maker.model
    return {
        "prompt_version": maker.version,
        "model": model,
        "repo_id": model.repo_id,
        "temperature": own(conversation.temperature, model.temperature),
        "top_p": own(conversation.top_p, model.top_p),
        "frequency_penalty": model.frequency_penalty or None,
        "max_tokens": output_limit(model, conversation),
    }


def output_limit(model: ChatModel, conversation: Conversation) -> int:
    """The longest answer, tokens."""
    return min(own(conversation.max_tokens, model.max_output), model.max_output)


def own(chosen: N | None, default: N) -> N:
    """What the owner chose, else the model's own value."""
    return default if chosen is None else chosen
