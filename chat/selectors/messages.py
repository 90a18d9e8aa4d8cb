"""Reads for pages: the shown branch from its end, and people's conversations, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from accounts.models import User
from chat.models import Chunk, Conversation, Message, Run
from chat.services.finish_run import joined
from chat.services.read_state import is_unread
from core.db.sql import columns, fetch, made, statement, width

PAGE = 30
# Messages above one that a page was opened for.
ABOVE = 4

HAS = """
SELECT 1 FROM chat_conversation
WHERE id = %(conversation)s AND owner_id = %(owner)s AND deleted_at IS NULL
"""


def has(user: User, conversation_id: UUID) -> bool:
    """Whether this is one of the person's conversations."""
    return bool(fetch(HAS, {"conversation": conversation_id, "owner": user.pk}))


# A page of the branch in one snapshot: the conversation, each message, the alternatives to it, and
# what is saved of it while it is being written. Each step towards the first question, which has no
# parent, is one look-up by primary key: the cost does not grow with the conversation. LIMIT 1 is
# what makes it one, whatever the planner believes of the table.
THREAD = statement(
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


def owned(user: User, conversation_id: UUID) -> Conversation:
    """Raises Conversation.DoesNotExist for what is not this person's."""
    found: Conversation = Conversation.objects.owned_by(user).get(pk=conversation_id)
    return found


def thread(
    user: User, conversation_id: UUID, end: UUID | None = None, size: int = PAGE
) -> tuple[Conversation, ThreadPage]:
    """A conversation and the page of its shown branch that ends with `end` (without it: with the
    last message), as they were at one moment; one statement at any length.

    Live answers have the text that is saved so far. Raises Conversation.DoesNotExist for what is
    not this person's.
    """
    found = fetch(
        THREAD, {"conversation": conversation_id, "owner": user.pk, "end": end, "size": size}
    )
    if not found:
        raise Conversation.DoesNotExist
    wide = width(Conversation)
    conversation = made(Conversation, found[0][:wide])
    messages, alternatives = [], {}
    for ids, offsets, texts, *row in (line[wide:] for line in found):
        if row[0] is None:
            break
        message = made(Message, row)
        if texts:
            message.text = joined(message.text, zip(offsets, texts, strict=True))
        if len(ids) > 1:
            alternatives[message.pk] = Siblings(tuple(ids), ids.index(message.pk) + 1)
        messages.append(message)
    older = messages[0].parent_id if messages else None
    return conversation, ThreadPage(messages, older, alternatives)


# From the end of the shown branch towards the first question, until a message is met.
STEPS = """
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
FARTHEST = 20_000
# Messages that a page may hold to bring one onto it; to what is farther up its script goes on.
NEAR = 300


def steps_to(conversation: Conversation, message_id: UUID) -> int | None:
    """How many messages of the shown branch there are from this one to the end, both counted; None
    if it is not one of them."""
    values = {"leaf": conversation.active_leaf_id, "message": message_id, "most": FARTHEST}
    found = fetch(STEPS, values)
    return found[0][0] if found else None


def thread_with(
    user: User, conversation_id: UUID, message_id: UUID
) -> tuple[Conversation, ThreadPage, bool]:
    """As `thread`, and whether this message is of the shown branch. If it is near, it is on the
    page, with some above it."""
    conversation, page = thread(user, conversation_id)
    if any(message.pk == message_id for message in page.messages):
        return conversation, page, True
    steps = steps_to(conversation, message_id)
    if steps is not None and steps <= NEAR:
        conversation, page = thread(user, conversation_id, size=steps + ABOVE)
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
        live[key].text = joined(live[key].text, chunks)


@dataclass(frozen=True, slots=True)
class State:
    """What a process asks of a conversation again and again."""

    version: int
    gone: bool


def states(ids: Iterable[UUID]) -> dict[UUID, State]:
    """The state of each of these conversations; one statement. For the server's own use."""
    rows = Conversation.objects.filter(pk__in=list(ids))
    return {
        key: State(version, deleted is not None)
        for key, version, deleted in rows.values_list("id", "version", "deleted_at")
    }


def live_text(message_id: UUID) -> tuple[str, str]:
    """Status and text so far of an answer that another process writes."""
    message = Message.objects.only("id", "status", "text").get(pk=message_id)
    add_saved_text([message])
    return message.status, message.text


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn for the model: who said what."""

    role: str
    text: str


# From a message towards the first question; each step is one look-up by primary key, so the cost
# depends on the number of turns and not on the length of the conversation.
SAID = """
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


def said(conversation_id: UUID, end: UUID, most: int) -> list[tuple[UUID, Spoken]]:
    """The branch that ends with this message, newest first, at most `most` turns."""
    found = fetch(SAID, {"end": end, "conversation": conversation_id, "size": most})
    return [(key, Spoken(role, text)) for key, role, text in found]


def spoken_before(message: Message, most: int = 400) -> list[Spoken]:
    """The branch that leads to this answer, newest first, the answer itself left out.

    At most `most` turns: more never fit into a window.
    """
    if message.parent_id is None:
        return []
    return [turn for _, turn in said(message.conversation_id, message.parent_id, most)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the sidebar."""

    id: UUID
    title: str
    active_at: datetime
    answering: bool
    unread: bool = False

    @property
    def place(self) -> "Place":
        return self.active_at, self.id


LINES = """
SELECT id, title, active_at, EXISTS (
        SELECT FROM chat_run run WHERE run.conversation_id = c.id AND run.ended_at IS NULL
    ), answered_at, seen_at
FROM chat_conversation c WHERE owner_id = %(owner)s AND deleted_at IS NULL
"""
ROW = LINES + "AND id = %(only)s"
# A stretch of one index between two places in it costs the same at any depth. Where nothing bounds
# it stand places beyond all rows: a bound that may be missing could not be looked up there.
BETWEEN = (
    LINES
    + """
    AND (active_at, id) < (%(before_at)s::timestamptz, %(before)s::uuid)
    AND (active_at, id) > (%(after_at)s::timestamptz, %(after)s::uuid)
"""
)
ROWS = BETWEEN + "ORDER BY active_at DESC, id DESC LIMIT %(size)s"
ROWS_ABOVE = BETWEEN + "ORDER BY active_at, id LIMIT %(size)s"

# Where a row stands among the others.
Place = tuple[datetime, UUID]
NEWEST: Place = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))
OLDEST: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))


def rows(
    user: User, before: Place | None = None, size: int = 40, after: Place | None = None
) -> list[Row]:
    """People's conversations, newest first: the next ones below `before`, down to `after`."""
    return found_rows(ROWS, between(user, before, after, size))


def rows_above(user: User, after: Place, size: int, before: Place | None = None) -> list[Row]:
    """The next ones above `after`, up to `before`; newest first as well."""
    return found_rows(ROWS_ABOVE, between(user, before, after, size))[::-1]


def between(user: User, before: Place | None, after: Place | None, size: int) -> dict[str, object]:
    before_at, before_key = before or NEWEST
    after_at, after_key = after or OLDEST
    places = {"before_at": before_at, "before": before_key, "after_at": after_at}
    return {"owner": user.pk, **places, "after": after_key, "size": size}


def row(user: User, conversation_id: UUID) -> Row:
    """Raises Conversation.DoesNotExist for what is not this person's."""
    found = found_rows(ROW, {"owner": user.pk, "only": conversation_id})
    if not found:
        raise Conversation.DoesNotExist
    return found[0]


def found_rows(statement: str, values: dict[str, object]) -> list[Row]:
    return [
        Row(key, title, active_at, answering, is_unread(answered_at, seen_at))
        for key, title, active_at, answering, answered_at, seen_at in fetch(statement, values)
    ]


def run_of(message: Message) -> Run | None:
    """The last run that wrote this answer, with its prompt version: what made it."""
    return (
        Run.objects.filter(message=message)
        .select_related("prompt_version__prompt", "model")
        .order_by("-created_at")
        .first()
    )
