"""Read messages: the shown branch page by page, and the history that a model is sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from chat.models import Chunk, Conversation, Message, Run
from chat.text import join_chunks
from core.db.sql import column_count, columns, fetch, from_row, statement

PAGE_SIZE = 30
# Messages above one that a page was opened for.
CONTEXT_ABOVE = 4

SELECT_OWNED = """
SELECT 1 FROM chat_conversation
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL
"""


def owns_conversation(user: User, conversation_id: UUID) -> bool:
    """Whether this is one of the person's conversations."""
    return bool(fetch(SELECT_OWNED, {"conversation": conversation_id, "owner": user.pk}))


# A page of the branch in one snapshot: the conversation, each message, the alternatives to it, and
# what is saved of it while it is being written. Each step towards the first question, which has no
# parent, is one look-up by primary key: the cost does not grow with the conversation. LIMIT 1 is
# what makes it one, whatever the planner believes of the table.
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
SELECT {conversation}, others.ids, saved.offsets, saved.texts, {message}
FROM shown LEFT JOIN branch ON true
LEFT JOIN LATERAL (SELECT * FROM chat_message WHERE id = branch.id LIMIT 1) m ON true
LEFT JOIN LATERAL (
    SELECT array_agg(other.id ORDER BY other.seq) AS ids FROM (
        SELECT id, seq FROM chat_message WHERE parent_id = m.parent_id AND role = m.role
        UNION ALL
        SELECT id, seq FROM chat_message WHERE m.parent_id IS NULL AND role = m.role
            AND conversation_id = m.conversation_id AND parent_id IS NULL
    ) other
) others ON m.id IS NOT NULL
LEFT JOIN LATERAL (
    SELECT array_agg(c."offset" ORDER BY c."offset") AS offsets,
        array_agg(c.text ORDER BY c."offset") AS texts
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
    """A message's place among the alternatives: `index` from 1 of `ids`, oldest first."""

    ids: tuple[UUID, ...]
    index: int


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Messages of the shown branch, oldest first; `older` names the message above them."""

    messages: list[Message]
    older: UUID | None
    siblings: dict[UUID, Siblings]


def get_conversation(user: User, conversation_id: UUID) -> Conversation:
    """Raises Conversation.DoesNotExist for what is not this person's."""
    found: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    return found


def load_thread(
    user: User, conversation_id: UUID, end: UUID | None = None, size: int = PAGE_SIZE
) -> tuple[Conversation, ThreadPage]:
    """A conversation and the page of its shown branch that ends with `end` (without it: with the
    last message), as they were at one moment; one statement at any length.

    Live answers have the text that is saved so far. Raises Conversation.DoesNotExist for what is
    not this person's.
    """
    found = fetch(
        SELECT_THREAD, {"conversation": conversation_id, "owner": user.pk, "end": end, "size": size}
    )
    if not found:
        raise Conversation.DoesNotExist
    wide = column_count(Conversation)
    conversation = from_row(Conversation, found[0][:wide])
    messages, alternatives = [], {}
    for ids, offsets, texts, *row in (line[wide:] for line in found):
        if row[0] is None:
            break
        message = from_row(Message, row)
        if texts:
            message.text = join_chunks(message.text, zip(offsets, texts, strict=True))
        if len(ids) > 1:
            alternatives[message.pk] = Siblings(tuple(ids), ids.index(message.pk) + 1)
        messages.append(message)
    older = messages[0].parent_id if messages else None
    return conversation, ThreadPage(messages, older, alternatives)


# From the end of the shown branch towards the first question, until a message is met.
COUNT_STEPS = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, 1 AS step FROM (
        SELECT id, parent_id FROM chat_message WHERE id = %(leaf)s LIMIT 1
    ) leaf
    UNION ALL
    SELECT up.id, up.parent_id, branch.step + 1 FROM branch CROSS JOIN LATERAL (
        SELECT id, parent_id FROM chat_message WHERE id = branch.parent_id LIMIT 1
    ) up WHERE branch.id <> %(message)s AND branch.step < %(most)s
)
SELECT step FROM branch WHERE id = %(message)s
"""
MAX_STEPS = 20_000
# Messages that a page may hold to bring one onto it; to what is farther up its script goes on.
MAX_EXTENDED_PAGE = 300


def count_steps(conversation: Conversation, message_id: UUID) -> int | None:
    """How many messages of the shown branch there are from this one to the end, both counted; None
    if it is not one of them."""
    values = {"leaf": conversation.active_leaf_id, "message": message_id, "most": MAX_STEPS}
    found = fetch(COUNT_STEPS, values)
    return found[0][0] if found else None


def load_thread_around(
    user: User, conversation_id: UUID, message_id: UUID
) -> tuple[Conversation, ThreadPage, bool]:
    """As `thread`, and whether this message is of the shown branch. If it is near, it is on the
    page, with some above it."""
    conversation, page = load_thread(user, conversation_id)
    if any(message.pk == message_id for message in page.messages):
        return conversation, page, True
    steps = count_steps(conversation, message_id)
    if steps is not None and steps <= MAX_EXTENDED_PAGE:
        conversation, page = load_thread(user, conversation_id, size=steps + CONTEXT_ABOVE)
    return conversation, page, steps is not None


def add_saved_text(messages: Iterable[Message]) -> None:
    """Put what is saved of live answers behind their text."""
    live = {message.pk: message for message in messages if message.is_live}
    if not live:
        return
    rows = Chunk.objects.filter(run__message__in=live, run__ended_at__isnull=True)
    found: dict[UUID, list[tuple[int, str]]] = {}
    for key, offset, text in rows.order_by("offset").values_list(
        "run__message_id", "offset", "text"
    ):
        found.setdefault(key, []).append((offset, text))
    for key, chunks in found.items():
        live[key].text = join_chunks(live[key].text, chunks)


@dataclass(frozen=True, slots=True)
class ConversationState:
    """What a process asks of a conversation again and again."""

    version: int
    gone: bool


def load_states(ids: Iterable[UUID]) -> dict[UUID, ConversationState]:
    """The state of each of these conversations; one statement. For the server's own use."""
    rows = Conversation.objects.filter(pk__in=list(ids))
    return {
        key: ConversationState(version, deleted is not None)
        for key, version, deleted in rows.values_list("id", "version", "deleted_at")
    }


def load_live_text(message_id: UUID) -> tuple[str, str]:
    """Status and text so far of an answer that another process writes."""
    message = Message.objects.only("id", "status", "text").get(pk=message_id)
    add_saved_text([message])
    return message.status, message.text


@dataclass(frozen=True, slots=True)
class HistoryTurn:
    """One turn for the model: who said what."""

    role: str
    text: str


# From a message towards the first question; each step is one look-up by primary key, so the cost
# depends on the number of turns and not on the length of the conversation.
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
    conversation_id: UUID, end: UUID, most: int
) -> list[tuple[UUID, HistoryTurn]]:
    """The branch that ends with this message, newest first, at most `most` turns."""
    found = fetch(SELECT_HISTORY, {"end": end, "conversation": conversation_id, "size": most})
    return [(key, HistoryTurn(role, text)) for key, role, text in found]


def load_history(message: Message, most: int = 400) -> list[HistoryTurn]:
    """The branch that leads to this answer, newest first, the answer itself left out.

    At most `most` turns: more never fit into a window.
    """
    if message.parent_id is None:
        return []
    return [turn for _, turn in load_history_page(message.conversation_id, message.parent_id, most)]


def latest_run(message: Message) -> Run | None:
    """The last run that wrote this answer, with its prompt version: what made it."""
    return (
        Run.objects.filter(message=message)
        .select_related("prompt_version__prompt", "model")
        .order_by("-created_at")
        .first()
    )
