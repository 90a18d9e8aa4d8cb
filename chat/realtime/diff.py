"""What is compared of a page and the database, apart from the messages."""

from typing import Any, NamedTuple, Self
from uuid import UUID

from chat.models import Conversation

Frame = dict[str, Any]


class ConversationHeader(NamedTuple):
    """What stands above the thread."""

    title: str
    model: UUID | None
    prompt: UUID | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None

    @classmethod
    def of(cls, conversation: Conversation) -> Self:
        return cls(
            conversation.title,
            conversation.model_id,
            conversation.prompt_id,
            conversation.temperature,
            conversation.top_p,
            conversation.max_tokens,
        )


def merge_frames(thread: Frame | None, lines: Frame | None) -> Frame | None:
    """One frame for two."""
    if thread is None or lines is None:
        return thread or lines
    return thread | {"content": thread["content"] + lines["content"]}


def is_continuation(known: list[UUID], ids: list[UUID]) -> bool:
    """Whether the page of `ids` shows the same branch as `known`, perhaps with more at its end."""
    if not known:
        return not ids
    if known[-1] not in ids:
        return False
    end = ids.index(known[-1]) + 1
    return known[-end:] == ids[:end]
