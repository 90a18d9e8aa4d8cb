"""Read messages: pages of the shown branch, and the history that is sent to a model."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.models import Chunk, Conversation, Message, Role, Run, Thinking
from chat.selectors.failures import load_failed_runs
from chat.text import join_chunks
from core.db.sql import column_count, columns, fetch, from_row, statement

PAGE_SIZE = 30
# How many messages to load above the one that a page was opened for.
CONTEXT_ABOVE = 4

SELECT_OWNED = """
SELECT 1 FROM chat_conversation
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL
"""


def owns_conversation(user: User, conversation_id: UUID) -> bool:
    """Tell whether the person owns this conversation and has not deleted it."""
    return bool(fetch(SELECT_OWNED, {"conversation": conversation_id, "owner": user.pk}))


# One page of the branch, in one snapshot: the conversation, and for each message its row, its
# siblings, and the saved text and thoughts if it is live. The recursion goes from parent to parent
# up to the first question. Each step is one lookup by primary key, so the cost does not grow with
# the conversation; LIMIT 1 makes the planner use that lookup, whatever its statistics say.
SELECT_THREAD = statement(
    """
WITH RECURSIVE shown AS (
    SELECT * FROM chat_conversation
    WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL
), branch AS (
    SELECT up.id, up.parent_id, 1 AS step FROM shown JOIN LATERAL (
        SELECT id, parent_id, conversation_id FROM chat_message
        WHERE id = COALESCE(%(end)s, shown.active_leaf_id) LIMIT 1
    ) up ON up.conversation_id = shown.id
    UNION ALL
    SELECT up.id, up.parent_id, branch.step + 1 FROM branch CROSS JOIN LATERAL (
        SELECT id, parent_id FROM chat_message WHERE id = branch.parent_id LIMIT 1
    ) up WHERE branch.step < %(size)s
)
SELECT {conversation}, siblings.ids, saved.chunks, saved.thoughts, {message}
FROM shown LEFT JOIN branch ON true
LEFT JOIN LATERAL (SELECT * FROM chat_message WHERE id = branch.id LIMIT 1) m ON true
LEFT JOIN LATERAL (
    SELECT array_agg(sibling.id ORDER BY sibling.seq) AS ids FROM (
        SELECT id, seq FROM chat_message WHERE parent_id = m.parent_id AND role = m.role
        UNION ALL
        SELECT id, seq FROM chat_message WHERE m.parent_id IS NULL AND role = m.role
            AND conversation_id = m.conversation_id AND parent_id IS NULL
    ) sibling
) siblings ON m.id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_array(c.is_thought, c."offset", c.text) ORDER BY c."offset")
        AS chunks, (SELECT text FROM chat_thinking WHERE message_id = m.id) AS thoughts
    FROM chat_run run JOIN chat_chunk c ON c.run_id = run.id
    WHERE run.message_id = m.id AND run.ended_at IS NULL
) saved ON m.status IN ('pending', 'streaming')
ORDER BY branch.step DESC
""",
    conversation=columns(Conversation, "shown"),
    message=columns(Message, "m"),
)


@dataclass(frozen=True, slots=True)
class Siblings:
    """A message's position among its siblings: `index` counts from 1; `ids` are oldest first."""

    ids: tuple[UUID, ...]
    index: int


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Consecutive messages of the shown branch, oldest first.

    `older` is the ID of the message above them, or None. `siblings` has only messages with more
    than one version. `failures` are the runs of failed answers, for administrators only.
    """

    messages: list[Message]
    older: UUID | None
    siblings: dict[UUID, Siblings]
    failures: dict[UUID, Run] = field(default_factory=dict)


def get_conversation(user: User, conversation_id: UUID) -> Conversation:
    """Return one of the person's conversations. Raises Conversation.DoesNotExist."""
    conversation: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    return conversation


def load_thread(
    user: User, conversation_id: UUID, end: UUID | None = None, size: int = PAGE_SIZE
) -> tuple[Conversation, ThreadPage]:
    """Return a conversation and one page of its shown branch, read with one statement.

    The page has at most `size` messages and ends with the message `end`, or with the last message
    of the branch if `end` is None. Live answers have the text saved so far. Raises
    Conversation.DoesNotExist if the conversation is not this person's.
    """
    rows = fetch(
        SELECT_THREAD, {"conversation": conversation_id, "owner": user.pk, "end": end, "size": size}
    )
    if not rows:
        raise Conversation.DoesNotExist
    split = column_count(Conversation)
    conversation = from_row(Conversation, rows[0][:split])
    messages, siblings = [], {}
    for ids, chunks, thoughts, *values in (row[split:] for row in rows):
        # Without any message there is a single row, with nulls.
        if values[0] is None:
            break
        message = from_row(Message, values)
        if message.is_live:
            message.thoughts = thoughts or ""
            append_chunks(message, chunks or ())
        if len(ids) > 1:
            siblings[message.pk] = Siblings(tuple(ids), ids.index(message.pk) + 1)
        messages.append(message)
    older = messages[0].parent_id if messages else None
    failures = load_failed_runs(user, messages)
    return conversation, ThreadPage(messages, older, siblings, failures)


# From the end of the shown branch up towards the first question, until the message is reached.
COUNT_STEPS = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, 1 AS step FROM (
        SELECT id, parent_id FROM chat_message WHERE id = %(leaf)s LIMIT 1
    ) leaf
    UNION ALL
    SELECT up.id, up.parent_id, branch.step + 1 FROM branch CROSS JOIN LATERAL (
        SELECT id, parent_id FROM chat_message WHERE id = branch.parent_id LIMIT 1
    ) up WHERE branch.id <> %(message)s AND branch.step < %(limit)s
)
SELECT step FROM branch WHERE id = %(message)s
"""
MAX_STEPS = 20_000
# The most messages on a page that is extended to hold a certain one. If that is farther up, the
# page's script loads older pages until it is reached.
MAX_EXTENDED_PAGE = 300


def count_steps(conversation: Conversation, message_id: UUID) -> int | None:
    """Count the messages of the shown branch from this one to the last, including both.

    Returns None if the message is not on the shown branch, or more than `MAX_STEPS` from its end.
    """
    values = {"leaf": conversation.active_leaf_id, "message": message_id, "limit": MAX_STEPS}
    rows = fetch(COUNT_STEPS, values)
    return rows[0][0] if rows else None


def load_thread_around(
    user: User, conversation_id: UUID, message_id: UUID
) -> tuple[Conversation, ThreadPage, bool]:
    """Return the last page of a conversation, extended to hold a message, as `load_thread` does.

    The third value tells whether the message is on the shown branch at all. Only a page of up to
    `MAX_EXTENDED_PAGE` messages, besides `CONTEXT_ABOVE` above the message, is loaded for it.
    """
    conversation, page = load_thread(user, conversation_id)
    if any(message.pk == message_id for message in page.messages):
        return conversation, page, True
    steps = count_steps(conversation, message_id)
    if steps is not None and steps <= MAX_EXTENDED_PAGE:
        conversation, page = load_thread(user, conversation_id, size=steps + CONTEXT_ABOVE)
    return conversation, page, steps is not None


def add_saved_text(messages: Iterable[Message]) -> None:
    """Append the saved chunks to the text of live answers, in place, and add their thoughts."""
    live_messages = {message.pk: message for message in messages if message.is_live}
    if not live_messages:
        return
    for pk, thoughts in Thinking.objects.filter(message__in=live_messages).values_list():
        live_messages[pk].thoughts = thoughts
    rows = Chunk.objects.filter(run__message__in=live_messages, run__ended_at__isnull=True)
    chunks_by_message: dict[UUID, list[SavedChunk]] = {}
    for pk, *chunk in rows.order_by("offset").values_list(
        "run__message_id", "is_thought", "offset", "text"
    ):
        chunks_by_message.setdefault(pk, []).append(chunk)
    for pk, chunks in chunks_by_message.items():
        append_chunks(live_messages[pk], chunks)


# Whether a chunk is of the thoughts, its offset, and its text.
SavedChunk = Sequence[Any]


def append_chunks(message: Message, chunks: Iterable[SavedChunk]) -> None:
    """Append chunks, in the order of their offsets, to the text and the thoughts of an answer."""
    texts = [(offset, text) for is_thought, offset, text in chunks if not is_thought]
    thoughts = [(offset, text) for is_thought, offset, text in chunks if is_thought]
    message.text = join_chunks(message.text, texts)
    message.thoughts = join_chunks(message.thoughts, thoughts)


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What processes poll for each open conversation; `gone` means deleted."""

    version: int
    gone: bool


def load_states(ids: Iterable[UUID]) -> dict[UUID, ConversationState]:
    """Return the state of each conversation that exists, with one statement.

    For the server's own use.
    """
    rows = Conversation.objects.filter(pk__in=list(ids))
    return {
        pk: ConversationState(version, deleted_at is not None)
        for pk, version, deleted_at in rows.values_list("id", "version", "deleted_at")
    }


def load_live_text(message_id: UUID) -> Message:
    """Return an answer that another process writes, with the saved text and thoughts.

    For the server's own use. Raises Message.DoesNotExist.
    """
    fields = ("id", "status", "text", "thinking_ms")
    message: Message = Message.objects.only(*fields).get(pk=message_id)
    add_thoughts(message)
    return message


@dataclass(frozen=True, slots=True)
class HistoryTurn:
    """One turn for the model; `role` is user or assistant."""

    role: str
    text: str


# From a message up towards the first question. Each step is one lookup by primary key, so the cost
# depends on the number of turns read and not on the length of the conversation.
SELECT_HISTORY = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, role, text, 1 AS step FROM (
        SELECT * FROM chat_message WHERE id = %(end)s LIMIT 1
    ) last WHERE conversation_id = %(conversation)s
    UNION ALL
    SELECT up.id, up.parent_id, up.role, up.text, branch.step + 1
    FROM branch CROSS JOIN LATERAL (
        SELECT id, parent_id, role, text FROM chat_message WHERE id = branch.parent_id LIMIT 1
    ) up WHERE branch.step < %(size)s
)
SELECT id, role, text FROM branch ORDER BY step
"""


def load_history_page(
    conversation_id: UUID, end: UUID, limit: int
) -> list[tuple[UUID, HistoryTurn]]:
    """Return the last `limit` turns of the branch that ends with the message `end`, newest first.

    Each turn comes with the ID of its message.
    """
    rows = fetch(SELECT_HISTORY, {"end": end, "conversation": conversation_id, "size": limit})
    return [(pk, HistoryTurn(role, text)) for pk, role, text in rows]


def load_history(message: Message, limit: int = 400) -> list[HistoryTurn]:
    """Return the turns that lead to this answer, newest first, without the answer itself.

    At most `limit` turns are read; the model does not get older ones.
    """
    if message.parent_id is None:
        return []
    page = load_history_page(message.conversation_id, message.parent_id, limit)
    return [turn for _, turn in page]


def load_answer(user: User, message_id: UUID) -> tuple[Message, Run | None]:
    """Return one of the person's answers with its newest run. Raises Message.DoesNotExist."""
    message: Message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
    return message, latest_run(message)


def load_text(user: User, message_id: UUID) -> str:
    """Return the text of one of the person's messages, with what is saved of a live answer.

    Raises Message.DoesNotExist.
    """
    message: Message = Message.objects.owned_by(user).get(pk=message_id)
    add_saved_text([message])
    return message.text


def load_thoughts(user: User, message_id: UUID) -> str:
    """Return what the model thought before one of the person's answers, "" if it did not.

    Raises Message.DoesNotExist.
    """
    message: Message = Message.objects.owned_by(user).get(pk=message_id, role=Role.ASSISTANT)
    add_thoughts(message)
    return message.thoughts


def add_thoughts(message: Message) -> None:
    """Add the thoughts of an answer, and what is saved of it if it is live."""
    if message.is_live:
        add_saved_text([message])
    else:
        message.thoughts = stored_thoughts(message)


def stored_thoughts(message: Message) -> str:
    """Return the thoughts that finished runs of an answer have stored."""
    if message.thinking_ms is None:
        return ""
    return Thinking.objects.values_list("text", flat=True).get(pk=message.pk)


def latest_run(message: Message) -> Run | None:
    """Return the newest run of this answer, with its model and prompt version; None without one."""
    return (
        Run.objects.filter(message=message)
        .select_related("prompt_version__prompt", "model")
        .order_by("-created_at")
        .first()
    )
