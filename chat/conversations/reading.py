"""Reads for pages: the shown branch from its end, and people's conversations, page by page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from accounts.models import User
from chat.conversations.closing import joined
from chat.conversations.seeing import is_unread
from chat.models import Chunk, Conversation, Message, Run

PAGE = 30

# From a message towards the first question; each step is one look-up by primary key, so the cost
# depends on the page and not on the length of the conversation.
BRANCH = """
WITH RECURSIVE branch AS (
    SELECT id, parent_id, 1 AS step FROM chat_message WHERE id = %s AND conversation_id = %s
    UNION ALL
    SELECT up.id, up.parent_id, branch.step + 1
    FROM chat_message up JOIN branch ON up.id = branch.parent_id WHERE branch.step < %s
)
SELECT id FROM branch ORDER BY step DESC
"""


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


def thread(conversation: Conversation, end: UUID | None = None, size: int = PAGE) -> ThreadPage:
    """The page of the shown branch that ends with `end` (without it: with the last message).

    Live answers have the text that is saved so far. Four statements at any length.
    """
    end = end or conversation.active_leaf_id
    if end is None:
        return ThreadPage([], None, {})
    with connection.cursor() as cursor:
        cursor.execute(BRANCH, (end, conversation.pk, size))
        ids = [row[0] for row in cursor.fetchall()]
    rows = Message.objects.in_bulk(ids)
    messages = [rows[key] for key in ids if key in rows]
    add_saved_text(messages)
    older = messages[0].parent_id if messages else None
    return ThreadPage(messages, older, siblings(conversation, messages))


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


def siblings(conversation: Conversation, messages: list[Message]) -> dict[UUID, Siblings]:
    """The alternatives of each message that has any."""
    parents = {message.parent_id for message in messages}
    rows = Message.objects.filter(conversation=conversation, parent__in=parents - {None})
    if None in parents:
        rows = rows | Message.objects.filter(conversation=conversation, parent__isnull=True)
    groups: dict[tuple[UUID | None, str], list[UUID]] = {}
    for key, parent, role in rows.order_by("seq").values_list("id", "parent_id", "role"):
        groups.setdefault((parent, role), []).append(key)
    found = {}
    for message in messages:
        ids = groups.get((message.parent_id, message.role), [])
        if len(ids) > 1 and message.pk in ids:
            found[message.pk] = Siblings(tuple(ids), ids.index(message.pk) + 1)
    return found


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


def spoken_before(message: Message, most: int = 400) -> list[Spoken]:
    """The branch that leads to this answer, newest first, the answer itself left out.

    At most `most` turns: more never fit into a window.
    """
    if message.parent_id is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(BRANCH, (message.parent_id, message.conversation_id, most))
        ids = [row[0] for row in cursor.fetchall()]
    rows = Message.objects.only("role", "text").in_bulk(ids)
    return [Spoken(rows[key].role, rows[key].text) for key in reversed(ids)]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the sidebar."""

    id: UUID
    title: str
    active_at: datetime
    answering: bool
    unread: bool = False


def rows(user: User, before: tuple[datetime, UUID] | None = None, size: int = 40) -> list[Row]:
    """People's conversations, newest first; `before` is the last row of the page above."""
    found = Conversation.objects.owned_by(user).recent()
    if before:
        found = found.before(*before)
    page = list(found.values_list("id", "title", "active_at", "answered_at", "seen_at")[:size])
    live = answering([key for key, *_ in page])
    return [
        Row(key, title, active_at, key in live, is_unread(answered_at, seen_at))
        for key, title, active_at, answered_at, seen_at in page
    ]


def row(user: User, conversation_id: UUID) -> Row:
    conversation = owned(user, conversation_id)
    live = answering([conversation.pk])
    unread = is_unread(conversation.answered_at, conversation.seen_at)
    return Row(conversation.pk, conversation.title, conversation.active_at, bool(live), unread)


def answering(ids: list[UUID]) -> set[UUID]:
    live = Run.objects.filter(conversation__in=ids, ended_at__isnull=True)
    return set(live.values_list("conversation_id", flat=True))


def run_of(message: Message) -> Run | None:
    """The last run that wrote this answer, with its prompt version: what made it."""
    return (
        Run.objects.filter(message=message)
        .select_related("prompt_version__prompt", "model")
        .order_by("-created_at")
        .first()
    )
