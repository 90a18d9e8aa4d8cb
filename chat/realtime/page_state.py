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

    `thread_stale` asks for a look at it; `told_once` says that one event alone does.
    """

    user: User
    session_key: str
    conversation_id: UUID | None
    version: int = -1
    page: str = ""
    sidebar: SidebarState = field(default_factory=SidebarState)
    thread_stale: bool = True
    told_once: bool = False
    fill: ContextUsage | None = None
    gone: bool = False
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    known: dict[UUID, Fingerprint] = field(default_factory=dict)
    joined: bool = False
    answer: LiveAnswer | None = None
    position: Position | None = None
    revision: int = -1
    notice: str = ""
    head: ConversationHeader | None = None
    text_was_last: bool = False

    # What happened
    def heard(self, event: Changed) -> None:
        if event.what is ChangeKind.RESTORED:
            self.sidebar.stale = True
        elif event.what is not ChangeKind.THREAD:
            self.sidebar.hear(event.conversation_id, event.what)
        if event.conversation_id == self.conversation_id and event.what in (
            ChangeKind.THREAD,
            ChangeKind.DELETED,
            ChangeKind.RESTORED,
        ):
            self.told_once = not self.thread_stale
            self.thread_stale = True
        self.wake.set()

    def written(self, found: Changes) -> None:
        """Lines of the sidebar that were written since the last look."""
        self.sidebar.compare(found.people.get(self.user.pk, ()), found.as_of)
        if self.sidebar.is_behind:
            self.wake.set()

    def behind(self, version: int) -> None:
        """The database's version of the conversation, for events that got lost."""
        if version != self.version:
            self.doubt()
            self.wake.set()

    def doubt(self) -> None:
        """Look at the thread, whatever was heard of it."""
        self.thread_stale, self.told_once = True, False

    def unsure(self) -> None:
        """A look at the database failed: look at all of it again."""
        self.doubt()
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
    def shows_all(self) -> bool:
        """Whether nothing happened that a frame would have to be made for."""
        answer = self.answer
        return not (self.thread_stale or self.sidebar.is_behind) and (
            answer is None or (answer.is_live and answer.revision == self.revision)
        )

    async def frame(self) -> dict[str, Any] | None:
        """The next frame, or None when the page shows everything."""
        if self.answer is not None and not self.answer.is_live:
            closed = self.answer.closed
            self.follow(None)
            if closed is not None and (found := self.ended_frame(closed)):
                return found
            self.doubt()
        if self.thread_stale and self.conversation_id:
            self.thread_stale = False
            if self.told_once and (found := self.begun_frame()):
                return found
            loaded, beside = await run_in_db(self.look, self.conversation_id)
            if found := merge_frames(self.thread_frame(loaded), beside):
                return found
        # In turns: text may come faster than the page acknowledges it.
        if self.text_was_last and (found := await self.sidebar_frame()):
            return found
        if found := self.answer_frame():
            self.text_was_last = True
            return found
        return await self.sidebar_frame()

    async def sidebar_frame(self) -> dict[str, Any] | None:
        self.text_was_last = False
        behind = self.sidebar.is_behind
        return await run_in_db(self.sidebar.frame, self.user) if behind else None

    def look(self, conversation_id: UUID) -> tuple[LoadedThread | None, Frame | None]:
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
            head = self.head_of(conversation)
            return conversation, page, measure_context(conversation, page), head
        return None

    def head_of(self, conversation: Conversation) -> str:
        """Heading and choices, where the page may show others; database work."""
        head = ConversationHeader.of(conversation)
        shown = head if self.is_current(conversation) else self.head
        self.head = head
        return model_settings.head_html(conversation) if shown != head else ""

    def thread_frame(self, loaded: LoadedThread | None) -> dict[str, Any] | None:
        """Compare the shown branch with what the page has."""
        if loaded is None:
            self.gone = True
            self.follow(None)
            html = thread_view.deleted_notice_html(self.conversation_id)
            return {"event": "gone", "content": htmx.partial("#page-notice", "innerHTML", html)}
        conversation, page, fill, head = loaded
        if not self.joined and self.missed(conversation):
            self.sidebar.hear(conversation.pk, ChangeKind.BUMPED)
        thread = list(message_items(page, conversation.active_leaf_id))
        content = (
            "" if self.is_current(conversation) else self.difference(conversation, thread, page)
        )
        content += head
        if self.gone:
            content += htmx.partial("#page-notice", "innerHTML")
        self.known = {line.message.pk: line.fingerprint for line in thread}
        self.version, self.joined, self.gone = conversation.version, True, False
        self.fill = fill
        self.attend(thread)
        if not content:
            return None
        content += thread_view.context_usage_html(fill, self.known)
        return {"event": "thread", "content": content + thread_view.version_html(conversation)}

    def begun_frame(self) -> Frame | None:
        """The beginning of an answer that this process writes, for a page that shows all before it:
        the turn knows what a look would find."""
        turn = runs.begun(self.conversation_id)
        if turn is None or turn.question is None or turn.run is None:
            return None
        if not self.precedes(turn, turn.question, turn.run):
            return None
        added = [MessageItem(turn.question), MessageItem(turn.answer, is_leaf=True)]
        content = "".join(map(self.one, added)) + self.sidebar.begun(turn.conversation)
        self.known |= {line.message.pk: line.fingerprint for line in added}
        self.version = turn.conversation.version
        self.fill = self.fill and self.fill.with_more(turn.question.text)
        self.attend(added)
        return {"event": "thread", "content": content + thread_view.version_html(turn.conversation)}

    def ended_frame(self, closed: FinishedRun) -> Frame | None:
        """The end of an answer that this process wrote, for a page that shows all before it: who
        wrote the end knows what a look would find."""
        if not self.awaits(closed):
            return None
        line = MessageItem(closed.message, is_leaf=True)
        content = self.one(line) + self.sidebar.ended(closed.conversation)
        self.known[closed.message.pk] = line.fingerprint
        self.version = closed.conversation.version
        self.fill = self.fill and self.fill.with_more(closed.message.text)
        self.thread_stale = False
        return {
            "event": "thread",
            "content": content + thread_view.version_html(closed.conversation),
        }

    def awaits(self, closed: FinishedRun) -> bool:
        """Whether the page shows all but the end of its last answer, and no more is changed by it
        than that message: neither what stands above the thread nor the hidden ruler."""
        conversation, message = closed.conversation, closed.message
        last = next(reversed(self.known), None)
        return (
            self.thread_stale
            and self.told_once
            and self.joined
            and not self.gone
            and conversation.deleted_at is None
            and conversation.version == self.version + 1
            and ConversationHeader.of(conversation) == self.head
            and last == message.pk == conversation.active_leaf_id
            and self.known[message.pk].status == "live"
            and not self.known[message.pk].siblings
            and self.fill is not None
            and self.fill.stays_roomy(message.text)
        )

    def precedes(self, turn: Turn, question: Message, run: Run) -> bool:
        """Whether the page shows what the turn was added to, which does not look different now."""
        last = next(reversed(self.known), None)
        return (
            self.joined
            and not self.gone
            and turn.conversation.version == self.version + 1
            and ConversationHeader.of(turn.conversation) == self.head
            and last is not None
            and last == question.parent_id
            and not self.known[last].can_continue
            and not self.known[last].can_ask
            and self.fill is not None
            and self.fill.is_of(run)
            and self.fill.stays_roomy(question.text)
        )

    def missed(self, conversation: Conversation) -> bool:
        """Whether the conversation moved when nobody heard it: while its page changed sockets."""
        since = self.sidebar.since
        known = since is None or since.saw(conversation.written_in)
        return not known or 0 <= self.version != conversation.version

    def is_current(self, conversation: Conversation) -> bool:
        return conversation.version == self.version and not self.gone

    def difference(
        self, conversation: Conversation, thread: list[MessageItem], page: messages.ThreadPage
    ) -> str:
        """What to append and exchange; the whole page of the thread if it does not continue."""
        ids = [line.message.pk for line in thread]
        known = list(self.known)
        if not self.joined or self.gone or not is_continuation(known, ids):
            html = thread_view.thread_html(conversation, page)
            return htmx.partial("#thread", "innerMorph", html)
        return "".join(self.one(line) for line in thread)

    def one(self, line: MessageItem) -> str:
        before, now = self.known.get(line.message.pk), line.fingerprint
        if before == now:
            return ""
        message = to_message_view(line)
        if before is None:
            return htmx.partial("#thread", "beforeend", thread_view.message_html(message))
        if before._replace(feedback=now.feedback) == now:
            return thread_view.feedback_buttons_html(message)
        return htmx.partial(f"#m-{message.key}", "outerMorph", thread_view.message_html(message))

    def attend(self, thread: list[MessageItem]) -> None:
        """Follow the answer that is being written, here or in another process."""
        last = thread[-1].message if thread else None
        if last is None or not last.is_live or self.conversation_id is None:
            self.follow(None)
        else:
            self.follow(runs.answer(last.pk) or remote_followers.of(self.conversation_id, last.pk))

    def answer_frame(self) -> dict[str, Any] | None:
        """The text that came since the last frame."""
        answer = self.answer
        if answer is None or answer.revision == self.revision:
            return None
        if self.position is None:
            # While there is nothing to show, a frame would only hold up the first word.
            return self.whole_answer(answer) if answer.text or answer.notice else None
        key = answer.message_id.hex
        content = htmx.patches_html(key, changes(self.position, answer.stream, localize_html))
        if answer.notice != self.notice:
            content += htmx.notice_html(key, answer.notice)
        self.remember(answer)
        return self.about(answer, content) if content else None

    def whole_answer(self, answer: LiveAnswer) -> dict[str, Any]:
        """The first frame of an answer: all of it so far, whatever the page had."""
        answer.stream.render()
        key = answer.message_id.hex
        content = htmx.body_html(key, localize_html(answer.stream.html))
        content += htmx.notice_html(key, answer.notice)
        self.remember(answer)
        return self.about(answer, content)

    def remember(self, answer: LiveAnswer) -> None:
        self.position = Position(len(answer.stream.blocks), localize_html(answer.stream.tail))
        self.revision, self.notice = answer.revision, answer.notice

    def about(self, answer: LiveAnswer, content: str) -> dict[str, Any]:
        return {
            "event": "answer",
            "message_id": str(answer.message_id),
            "status": answer.status,
            "content": content,
        }
