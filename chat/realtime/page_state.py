"""What one socket has been shown, and the next frame that brings it up to date.

Frames are replaceable state, not history: however much happened since the last frame was
acknowledged, one further frame of each kind shows it.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from accounts.models import User
from chat.events import Changed, ChangeKind
from chat.models import Conversation, Message, Run
from chat.realtime.diff import ConversationHeader, Frame, is_continuation, merge_frames
from chat.realtime.sidebar import SidebarState
from chat.rendering.components import htmx, model_settings, thread_view
from chat.rendering.components.localize_html import localize_html
from chat.rendering.components.message_view import (
    Fingerprint,
    MessageItem,
    message_items,
    to_message_view,
)
from chat.rendering.markdown import Position, changes
from chat.selectors import messages
from chat.selectors.change_feed import Changes
from chat.selectors.context_usage import ContextUsage, measure_context
from chat.services.finish_run import FinishedRun
from chat.services.turns import Turn
from chat.streaming.live_answer import LiveAnswer
from chat.streaming.remote_follower import remote_followers
from chat.streaming.run_manager import runs
from core.db.executors import run_in_db

LoadedThread = tuple[Conversation, messages.ThreadPage, ContextUsage | None, str]


@dataclass(slots=True, eq=False)
class PageState:
    """One socket's view. `version` is what its page says it shows of the conversation; `page` is
    the id that the page made for itself.

    `thread_stale` asks for a look at it; `has_single_event` says that one event alone does.
    """

    user: User
    session_key: str
    conversation_id: UUID | None
    version: int = -1
    page: str = ""
    sidebar: SidebarState = field(default_factory=SidebarState)
    thread_stale: bool = True
    has_single_event: bool = False
    context_usage: ContextUsage | None = None
    is_deleted: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    fingerprints: dict[UUID, Fingerprint] = field(default_factory=dict)
    has_snapshot: bool = False
    answer: LiveAnswer | None = None
    position: Position | None = None
    revision: int = -1
    notice: str = ""
    header: ConversationHeader | None = None
    sent_text_last: bool = False

    # What happened
    def on_change(self, event: Changed) -> None:
        if event.what is ChangeKind.RESTORED:
            self.sidebar.stale = True
        elif event.what is not ChangeKind.THREAD:
            self.sidebar.on_change(event.conversation_id, event.what)
        if event.conversation_id == self.conversation_id and event.what in (
            ChangeKind.THREAD,
            ChangeKind.DELETED,
            ChangeKind.RESTORED,
        ):
            self.has_single_event = not self.thread_stale
            self.thread_stale = True
        self.wake.set()

    def on_sidebar_changes(self, found: Changes) -> None:
        """Lines of the sidebar that were written since the last look."""
        self.sidebar.compare(found.people.get(self.user.pk, ()), found.as_of)
        if self.sidebar.is_behind:
            self.wake.set()

    def check_version(self, version: int) -> None:
        """The database's version of the conversation, for events that got lost."""
        if version != self.version:
            self.mark_thread_stale()
            self.wake.set()

    def mark_thread_stale(self) -> None:
        """Look at the thread, whatever was heard of it."""
        self.thread_stale, self.has_single_event = True, False

    def mark_all_stale(self) -> None:
        """A look at the database failed: look at all of it again."""
        self.mark_thread_stale()
        self.sidebar.stale = True

    def leave(self) -> None:
        self.follow(None)

    def follow(self, answer: LiveAnswer | None) -> None:
        if self.answer is answer:
            return
        if self.answer is not None:
            self.answer.watchers.discard(self.wake.set)
        self.answer, self.position, self.revision = answer, None, -1
        if answer is not None:
            answer.watchers.add(self.wake.set)

    # What to send
    @property
    def is_current(self) -> bool:
        """Whether nothing happened that a frame would have to be made for."""
        answer = self.answer
        return not (self.thread_stale or self.sidebar.is_behind) and (
            answer is None or (answer.is_live and answer.revision == self.revision)
        )

    async def next_frame(self) -> dict[str, Any] | None:
        """The next frame, or None when the page shows everything."""
        if self.answer is not None and not self.answer.is_live:
            closed = self.answer.finished
            self.follow(None)
            if closed is not None and (found := self.answer_finished_frame(closed)):
                return found
            self.mark_thread_stale()
        if self.thread_stale and self.conversation_id:
            self.thread_stale = False
            if self.has_single_event and (found := self.answer_started_frame()):
                return found
            loaded, beside = await run_in_db(self.load_with_sidebar, self.conversation_id)
            if found := merge_frames(self.thread_frame(loaded), beside):
                return found
        # In turns: text may come faster than the page acknowledges it.
        if self.sent_text_last and (found := await self.sidebar_frame()):
            return found
        if found := self.answer_frame():
            self.sent_text_last = True
            return found
        return await self.sidebar_frame()

    async def sidebar_frame(self) -> dict[str, Any] | None:
        self.sent_text_last = False
        behind = self.sidebar.is_behind
        return await run_in_db(self.sidebar.frame, self.user) if behind else None

    def load_with_sidebar(self, conversation_id: UUID) -> tuple[LoadedThread | None, Frame | None]:
        """The thread, and the sidebar's lines if any changed: what begins or ends an answer changes
        both."""
        beside = self.sidebar.frame(self.user) if self.sidebar.is_behind else None
        return self.load(conversation_id), beside

    def load(self, conversation_id: UUID) -> LoadedThread | None:
        """The shown branch as the database has it; None when it is gone.

        One statement reads both the version and the messages: an answer that ended between two
        would pass for one that the page shows already.
        """
        with suppress(Conversation.DoesNotExist):
            conversation, page = messages.load_thread(self.user, conversation_id)
            head = self.header_html(conversation)
            return conversation, page, measure_context(conversation, page), head
        return None

    def header_html(self, conversation: Conversation) -> str:
        """Heading and choices, where the page may show others; database work."""
        head = ConversationHeader.of(conversation)
        shown = head if self.has_current_version(conversation) else self.header
        self.header = head
        return model_settings.head_html(conversation) if shown != head else ""

    def thread_frame(self, loaded: LoadedThread | None) -> dict[str, Any] | None:
        """Compare the shown branch with what the page has."""
        if loaded is None:
            self.is_deleted = True
            self.follow(None)
            html = thread_view.deleted_notice_html(self.conversation_id)
            return {"event": "gone", "content": htmx.partial("#page-notice", "innerHTML", html)}
        conversation, page, fill, head = loaded
        if not self.has_snapshot and self.has_missed_changes(conversation):
            self.sidebar.on_change(conversation.pk, ChangeKind.BUMPED)
        live = runs.find_live_answer(conversation.active_leaf_id)
        thread = list(message_items(page, conversation.active_leaf_id, live))
        content = (
            ""
            if self.has_current_version(conversation)
            else self.thread_patch(conversation, thread, page)
        )
        content += head
        if self.is_deleted:
            content += htmx.partial("#page-notice", "innerHTML")
        self.fingerprints = {line.message.pk: line.fingerprint for line in thread}
        self.version, self.has_snapshot, self.is_deleted = conversation.version, True, False
        self.context_usage = fill
        self.follow_live_answer(thread)
        if not content:
            return None
        content += thread_view.context_usage_html(fill, self.fingerprints)
        return {"event": "thread", "content": content + thread_view.version_html(conversation)}

    def answer_started_frame(self) -> Frame | None:
        """The beginning of an answer that this process writes, for a page that shows all before it:
        the turn knows what a look would find."""
        turn = runs.turn_in_progress(self.conversation_id)
        if turn is None or turn.question is None or turn.run is None:
            return None
        if not self.expects_turn(turn, turn.question, turn.run):
            return None
        live = runs.find_live_answer(turn.answer.pk)
        added = [MessageItem(turn.question), MessageItem(turn.answer, is_leaf=True, live=live)]
        content = "".join(map(self.message_patch, added)) + self.sidebar.answer_started_html(
            turn.conversation
        )
        self.fingerprints |= {line.message.pk: line.fingerprint for line in added}
        self.version = turn.conversation.version
        self.context_usage = self.context_usage and self.context_usage.with_text(turn.question.text)
        self.follow_live_answer(added)
        return {"event": "thread", "content": content + thread_view.version_html(turn.conversation)}

    def answer_finished_frame(self, closed: FinishedRun) -> Frame | None:
        """The end of an answer that this process wrote, for a page that shows all before it: who
        wrote the end knows what a look would find."""
        if not self.expects_finish(closed):
            return None
        line = MessageItem(closed.message, is_leaf=True)
        content = self.message_patch(line) + self.sidebar.answer_finished_html(closed.conversation)
        self.fingerprints[closed.message.pk] = line.fingerprint
        self.version = closed.conversation.version
        self.context_usage = self.context_usage and self.context_usage.with_text(
            closed.message.text
        )
        self.thread_stale = False
        return {
            "event": "thread",
            "content": content + thread_view.version_html(closed.conversation),
        }

    def expects_finish(self, closed: FinishedRun) -> bool:
        """Whether the page shows all but the end of its last answer, and no more is changed by it
        than that message: neither what stands above the thread nor the hidden ruler."""
        conversation, message = closed.conversation, closed.message
        last = next(reversed(self.fingerprints), None)
        return (
            self.thread_stale
            and self.has_single_event
            and self.has_snapshot
            and not self.is_deleted
            and conversation.deleted_at is None
            and conversation.version == self.version + 1
            and ConversationHeader.of(conversation) == self.header
            and last == message.pk == conversation.active_leaf_id
            and self.fingerprints[message.pk].status == "live"
            and not self.fingerprints[message.pk].siblings
            and self.context_usage is not None
            and self.context_usage.stays_below_threshold(message.text)
        )

    def expects_turn(self, turn: Turn, question: Message, run: Run) -> bool:
        """Whether the page shows what the turn was added to, which does not look different now."""
        last = next(reversed(self.fingerprints), None)
        return (
            self.has_snapshot
            and not self.is_deleted
            and turn.conversation.version == self.version + 1
            and ConversationHeader.of(turn.conversation) == self.header
            and last is not None
            and last == question.parent_id
            and not self.fingerprints[last].can_continue
            and not self.fingerprints[last].can_ask
            and self.context_usage is not None
            and self.context_usage.matches_run(run)
            and self.context_usage.stays_below_threshold(question.text)
        )

    def has_missed_changes(self, conversation: Conversation) -> bool:
        """Whether the conversation moved when nobody heard it: while its page changed sockets."""
        since = self.sidebar.since
        known = since is None or since.includes(conversation.written_in)
        return not known or 0 <= self.version != conversation.version

    def has_current_version(self, conversation: Conversation) -> bool:
        return conversation.version == self.version and not self.is_deleted

    def thread_patch(
        self, conversation: Conversation, thread: list[MessageItem], page: messages.ThreadPage
    ) -> str:
        """What to append and exchange; the whole page of the thread if it does not continue."""
        ids = [line.message.pk for line in thread]
        known = list(self.fingerprints)
        if not self.has_snapshot or self.is_deleted or not is_continuation(known, ids):
            live = runs.find_live_answer(conversation.active_leaf_id)
            html = thread_view.thread_html(conversation, page, live=live)
            return htmx.partial("#thread", "innerMorph", html)
        return "".join(self.message_patch(line) for line in thread)

    def message_patch(self, line: MessageItem) -> str:
        before, now = self.fingerprints.get(line.message.pk), line.fingerprint
        if before == now:
            return ""
        message = to_message_view(line)
        if before is None:
            return htmx.partial("#thread", "beforeend", thread_view.message_html(message))
        if before._replace(feedback=now.feedback) == now:
            return thread_view.feedback_buttons_html(message)
        return htmx.partial(
            f"#message-{message.key}", "outerMorph", thread_view.message_html(message)
        )

    def follow_live_answer(self, thread: list[MessageItem]) -> None:
        """Follow the answer that is being written, here or in another process."""
        last = thread[-1].message if thread else None
        if last is None or not last.is_live or self.conversation_id is None:
            self.follow(None)
        else:
            self.follow(
                runs.find_live_answer(last.pk)
                or remote_followers.follow(self.conversation_id, last.pk)
            )

    def answer_frame(self) -> dict[str, Any] | None:
        """The text that came since the last frame."""
        answer = self.answer
        if answer is None or answer.revision == self.revision:
            return None
        if self.position is None:
            # While there is nothing to show, a frame would only hold up the first word.
            return self.full_answer_frame(answer) if answer.text or answer.notice else None
        key = answer.message_id.hex
        content = htmx.patches_html(key, changes(self.position, answer.stream, localize_html))
        if answer.notice != self.notice:
            content += htmx.notice_html(key, answer.notice)
        self.record_answer_position(answer)
        return self.answer_event(answer, content) if content else None

    def full_answer_frame(self, answer: LiveAnswer) -> dict[str, Any]:
        """The first frame of an answer: all of it so far, whatever the page had."""
        answer.stream.render()
        key = answer.message_id.hex
        content = htmx.body_html(key, localize_html(answer.stream.html))
        content += htmx.notice_html(key, answer.notice)
        self.record_answer_position(answer)
        return self.answer_event(answer, content)

    def record_answer_position(self, answer: LiveAnswer) -> None:
        self.position = Position(len(answer.stream.blocks), localize_html(answer.stream.tail))
        self.revision, self.notice = answer.revision, answer.notice

    def answer_event(self, answer: LiveAnswer, content: str) -> dict[str, Any]:
        return {
            "event": "answer",
            "message_id": str(answer.message_id),
            "status": answer.status,
            "content": content,
        }
