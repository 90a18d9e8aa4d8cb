"""One page with an open socket: who looks at it, what may have changed, and its next frame.

A frame is replaceable state, not history: however much happened since the last one that the page
acknowledged, the next one brings the page up to date.
"""

import asyncio
from dataclasses import dataclass, field
from uuid import UUID

from accounts.models import User
from chat.events import Changed, ChangeKind
from chat.models import Conversation, Status
from chat.realtime.answer_state import diff_thinking
from chat.realtime.frame import Frame
from chat.realtime.page_state import PageSnapshot, PageState, diff, forget_position
from chat.realtime.pending_rows import PendingRows, RowLookup, load_sidebar
from chat.realtime.sidebar_state import SidebarSnapshot, needs_whole_list
from chat.realtime.snapshots import (
    LoadedThread,
    load_thread,
    snapshot_of_finish,
    snapshot_of_row,
    snapshot_of_turn,
)
from chat.realtime.thread_state import DeletedThread, ThreadSnapshot
from chat.rendering.components.patches import Patch
from chat.selectors.change_feed import Changes
from chat.services.finish_run import FinishedRun
from chat.streaming.live_answer import LiveAnswer
from chat.streaming.remote_follower import remote_followers
from chat.streaming.run_manager import runs
from core.db.executors import run_in_db


@dataclass(slots=True, eq=False)
class OpenPage:
    """Used from the event loop. `page_id` is the id that the page made for itself.

    `wake` is set when there may be something to send. `is_thread_stale` tells that the conversation
    may have changed, `is_single_change` that one event told so and nothing else did.
    `last_thoughts` brings the thoughts before an answer that has ended, which no load does.
    """

    user: User
    session_key: str
    conversation_id: UUID | None
    page_id: str = ""
    state: PageState = field(default_factory=PageState)
    rows: PendingRows = field(default_factory=PendingRows)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    is_thread_stale: bool = True
    is_single_change: bool = False
    answer: LiveAnswer | None = None
    revision: int = -1
    last_thoughts: list[Patch] = field(default_factory=list)
    was_text_last: bool = False

    # Changes
    def on_change(self, event: Changed) -> None:
        kind = event.what
        if kind is ChangeKind.RESTORED:
            self.rows.needs_list = True
        elif kind is not ChangeKind.THREAD:
            self.rows.add(event.conversation_id, kind)
        is_of_thread = kind in (ChangeKind.THREAD, ChangeKind.DELETED, ChangeKind.RESTORED)
        if is_of_thread and event.conversation_id == self.conversation_id:
            self.is_single_change = not self.is_thread_stale
            self.is_thread_stale = True
        self.wake.set()

    def on_sidebar_changes(self, changes: Changes) -> None:
        """Note rows that were written since the last comparison."""
        changed = changes.people.get(self.user.pk, ())
        self.rows.compare(changed, changes.as_of, self.state.sidebar)
        if not self.rows.is_empty:
            self.wake.set()

    def check_thread(self, version: int | None) -> None:
        """Compare with the database's version, None if the conversation is deleted."""
        state = self.state.thread
        if version != (None if state.is_deleted else state.version):
            self.mark_thread_stale()
            self.wake.set()

    def mark_thread_stale(self) -> None:
        """Read the thread again, whatever events told of it."""
        self.is_thread_stale, self.is_single_change = True, False

    def mark_all_stale(self) -> None:
        """Read everything again, after a failed read."""
        self.mark_thread_stale()
        self.rows.needs_list = True

    def leave(self) -> None:
        """Follow no answer any more, as the socket is closed."""
        self.follow(None)

    def follow(self, answer: LiveAnswer | None) -> None:
        """Send the text of this answer from now on."""
        if self.answer is answer:
            return
        if self.answer is not None:
            self.answer.watchers.discard(self.wake.set)
        self.answer, self.revision = answer, -1
        self.state = forget_position(self.state)
        if answer is not None:
            answer.watchers.add(self.wake.set)

    # Frames
    @property
    def is_current(self) -> bool:
        """Return whether nothing has happened since the last frame."""
        answer = self.answer
        return (
            not self.is_thread_stale
            and self.rows.is_empty
            and (answer is None or (answer.is_live and answer.revision == self.revision))
        )

    async def next_frame(self) -> Frame | None:
        """Return the next frame, or None if the page shows everything."""
        if frame := self.finish_frame() or self.turn_frame() or await self.thread_frame():
            return frame
        # In turns, as text may come faster than the page acknowledges it.
        if self.was_text_last and (frame := await self.sidebar_frame()):
            return frame
        if frame := self.answer_frame():
            self.was_text_last = True
            return frame
        return await self.sidebar_frame()

    def finish_frame(self) -> Frame | None:
        """Return the end of the answer from the rows that this process committed with it."""
        answer = self.answer
        if answer is None or answer.is_live:
            return None
        self.last_thoughts, _ = diff_thinking(self.state.answer, answer)
        self.follow(None)
        snapshot = self.finish_snapshot(answer.finished) if answer.finished else None
        if snapshot is None:
            self.mark_thread_stale()
            return None
        self.is_thread_stale = False
        return self.apply(snapshot)

    def finish_snapshot(self, finished: FinishedRun) -> PageSnapshot | None:
        if not (self.is_thread_stale and self.is_single_change):
            return None
        # What was committed does not tell administrators why it failed.
        if self.user.is_staff and finished.message.status == Status.FAILED:
            return None
        thread = snapshot_of_finish(self.state.thread, finished)
        if thread is None:
            return None
        row = snapshot_of_row(finished.conversation, answering=False, bumped=False)
        return PageSnapshot(
            thread, sidebar=self.committed_row(finished.conversation, ChangeKind.SIDEBAR_ROW, row)
        )

    def turn_frame(self) -> Frame | None:
        """Return the start of an answer from the rows that this process committed with it."""
        if not (self.is_thread_stale and self.is_single_change):
            return None
        turn = runs.turn_in_progress(self.conversation_id)
        if turn is None:
            return None
        live = runs.find_live_answer(turn.answer.pk)
        thread = snapshot_of_turn(self.state.thread, turn, live)
        if thread is None:
            return None
        self.is_thread_stale = False
        row = snapshot_of_row(turn.conversation, answering=True, bumped=True)
        sidebar = self.committed_row(turn.conversation, ChangeKind.BUMPED, row)
        return self.apply(PageSnapshot(thread, sidebar=sidebar))

    def committed_row(
        self, conversation: Conversation, kind: ChangeKind, row: SidebarSnapshot
    ) -> SidebarSnapshot | None:
        """Return the row if exactly one event is pending for it; the row then needs no read."""
        if needs_whole_list(self.state.sidebar, row):
            return None
        return row if self.rows.discard(conversation.pk, kind) else None

    async def thread_frame(self) -> Frame | None:
        """Return what changed in the thread, and in the sidebar, which often changes with it."""
        if not self.is_thread_stale or self.conversation_id is None:
            return None
        self.is_thread_stale = False
        lookup = None if self.rows.is_empty else self.rows.take()
        loaded, sidebar = await run_in_db(self.load, self.conversation_id, lookup)
        if isinstance(loaded, DeletedThread):
            return self.apply(PageSnapshot(loaded, sidebar=sidebar))
        if self.has_missed_events(loaded.conversation):
            self.rows.perhaps_bumped.add(loaded.conversation.pk)
        # Here on the event loop, where the answer is being generated.
        live = runs.find_live_answer(loaded.conversation.active_leaf_id)
        return self.apply(PageSnapshot(loaded.snapshot(live), sidebar=sidebar))

    def load(
        self, conversation_id: UUID, lookup: RowLookup | None
    ) -> tuple[LoadedThread | DeletedThread, SidebarSnapshot | None]:
        """Read the thread, and the rows of the sidebar if any are pending."""
        sidebar = load_sidebar(self.user, lookup, self.state.sidebar) if lookup else None
        return load_thread(self.user, conversation_id, self.state.thread), sidebar

    def has_missed_events(self, conversation: Conversation) -> bool:
        """Return whether the conversation changed while its page had no socket."""
        if self.state.thread.fingerprints is not None:
            return False
        since, version = self.rows.since, self.state.thread.version
        is_in_list = since is None or since.includes(conversation.updated_xid)
        return not is_in_list or 0 <= version != conversation.version

    def answer_frame(self) -> Frame | None:
        """Return the text that came since the last frame."""
        answer = self.answer
        if answer is None or answer.revision == self.revision:
            return None
        self.revision = answer.revision
        patches, self.state = diff(self.state, PageSnapshot(answer=answer))
        if not patches:
            return None
        return Frame("answer", patches, answer.message_id, answer.status)

    async def sidebar_frame(self) -> Frame | None:
        """Return the rows that changed."""
        self.was_text_last = False
        if self.rows.is_empty:
            return None
        lookup = self.rows.take()
        sidebar = await run_in_db(load_sidebar, self.user, lookup, self.state.sidebar)
        return self.apply(PageSnapshot(sidebar=sidebar))

    def apply(self, snapshot: PageSnapshot) -> Frame | None:
        """Return the frame that brings the page to the snapshot, None if it shows it already."""
        patches, self.state = diff(self.state, snapshot)
        if snapshot.sidebar is not None and snapshot.sidebar.as_of is not None:
            self.rows.since = snapshot.sidebar.as_of
        if isinstance(snapshot.thread, DeletedThread):
            self.follow(None)
        elif snapshot.thread is not None:
            self.follow(self.find_answer(snapshot.thread))
        patches, self.last_thoughts = [*self.last_thoughts, *patches], []
        return Frame.of(patches) if patches else None

    def find_answer(self, thread: ThreadSnapshot) -> LiveAnswer | None:
        """Return the answer at the end of the thread that this or another process writes."""
        item = thread.live_item
        if item is None or self.conversation_id is None:
            return None
        key = item.message.pk
        return runs.find_live_answer(key) or remote_followers.follow(self.conversation_id, key)
