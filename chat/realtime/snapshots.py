"""Snapshots of a page: read from the database, or built from what was just committed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.models import Conversation
from chat.realtime.sidebar_state import SidebarSnapshot
from chat.realtime.thread_state import (
    ConversationHeader,
    DeletedThread,
    ThreadSnapshot,
    ThreadState,
)
from chat.rendering.components.message_view import LiveText, MessageItem, message_items
from chat.rendering.components.model_settings import options_context
from chat.selectors import messages
from chat.selectors.context_usage import ContextUsage, measure_context
from chat.selectors.next_answer import changed_names
from chat.selectors.sidebar_rows import SidebarRow, is_unread
from chat.services.finish_run import FinishedRun
from chat.services.turns import Turn


@dataclass(frozen=True, slots=True)
class LoadedThread:
    """A conversation as the database has it; `options` is None if the page needs no header."""

    conversation: Conversation
    page: messages.ThreadPage
    usage: ContextUsage | None
    options: dict[str, Any] | None
    changed: tuple[str, ...] = ()

    def snapshot(self, live: LiveText | None) -> ThreadSnapshot:
        """Return the snapshot; `live` is the live answer, if this process is generating it."""
        items = message_items(self.page, self.conversation.active_leaf_id, live)
        by_id = {item.message.pk: item for item in items}
        return ThreadSnapshot(
            self.conversation,
            {key: item.fingerprint for key, item in by_id.items()},
            by_id,
            self.page.older,
            self.options,
            self.usage,
            changed=self.changed,
        )


def load_thread(
    user: User, conversation_id: UUID, state: ThreadState
) -> LoadedThread | DeletedThread:
    """Read the shown branch for a page in this state.

    One statement reads both the version and the messages: if an answer ended between two, the page
    would be told the new version without the new text.
    """
    try:
        conversation, page = messages.load_thread(user, conversation_id)
    except Conversation.DoesNotExist:
        return DeletedThread(conversation_id)
    owner_id = conversation.owner_id
    options = options_context(conversation, owner_id) if state.needs_header(conversation) else None
    usage = measure_context(conversation, page)
    return LoadedThread(conversation, page, usage, options, changed_names(conversation))


def snapshot_of_turn(
    state: ThreadState, turn: Turn, live: LiveText | None
) -> ThreadSnapshot | None:
    """Return the snapshot after a turn that this process committed.

    None if a load might find more: if the page does not show exactly what the turn was added to, or
    if the meter might have to change. `live` is the live state of the answer.
    """
    question, run, conversation = turn.question, turn.run, turn.conversation
    if question is None or run is None or not precedes(state, conversation):
        return None
    if state.last_message is None or state.last_message != question.parent_id:
        return None
    # A message with such a button looks different once another one follows it.
    last = (state.fingerprints or {})[state.last_message]
    if last.can_continue or last.can_ask:
        return None
    if state.usage is None or not state.usage.matches_run(run):
        return None
    items = (MessageItem(question), MessageItem(turn.answer, is_leaf=True, live=live))
    # It began with the present settings.
    return continue_thread(replace(state, changed=()), conversation, question.text, *items)


def snapshot_of_finish(state: ThreadState, finished: FinishedRun) -> ThreadSnapshot | None:
    """Return the snapshot after the end of an answer that this process committed.

    None if a load might find more, see `snapshot_of_turn`.
    """
    conversation, message = finished.conversation, finished.message
    if conversation.deleted_at is not None or not precedes(state, conversation):
        return None
    if not state.last_message == message.pk == conversation.active_leaf_id:
        return None
    # What was committed does not tell its siblings.
    last = (state.fingerprints or {})[message.pk]
    if last.status != "live" or last.siblings:
        return None
    return continue_thread(state, conversation, message.text, MessageItem(message, is_leaf=True))


def precedes(state: ThreadState, conversation: Conversation) -> bool:
    """Return whether a page shows the version before this one, under the same header."""
    return (
        not state.is_deleted
        and conversation.version == state.version + 1
        and ConversationHeader.of(conversation) == state.header
    )


def continue_thread(
    state: ThreadState, conversation: Conversation, text: str, *items: MessageItem
) -> ThreadSnapshot | None:
    """Return the snapshot with these items new or changed; `text` is what they add to the context.

    None if the text might fill the context so far that the meter has to be shown.
    """
    if state.usage is None or not state.usage.stays_below_threshold(text):
        return None
    changed = {item.message.pk: item for item in items}
    fingerprints = {key: item.fingerprint for key, item in changed.items()}
    return ThreadSnapshot(
        conversation,
        {**(state.fingerprints or {}), **fingerprints},
        changed,
        usage=state.usage.with_text(text),
        is_usage_bound=True,
        changed=state.changed or (),
    )


def snapshot_of_row(
    conversation: Conversation, *, answering: bool, bumped: bool
) -> SidebarSnapshot:
    """Return the snapshot with the row of a conversation that was just committed."""
    unread = is_unread(conversation.answered_at, conversation.seen_at)
    row = SidebarRow(
        conversation.pk, conversation.title, conversation.last_activity_at, answering, unread
    )
    rows: Mapping[UUID, SidebarRow] = {row.id: row}
    return SidebarSnapshot(rows, frozenset(rows) if bumped else frozenset())
