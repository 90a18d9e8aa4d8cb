"""What a page shows, and the patches that bring it up to date: no database, no socket."""

from typing import NamedTuple

from chat.realtime.answer_state import AnswerState, diff_answer
from chat.realtime.sidebar_state import SidebarSnapshot, SidebarState, diff_sidebar
from chat.realtime.thread_state import (
    DeletedThread,
    ThreadSnapshot,
    ThreadState,
    changed_messages,
    diff_thread,
)
from chat.rendering.components.patches import Patch
from chat.streaming.live_answer import LiveAnswer


# Named tuples, as they are made for each frame of an answer.
class PageState(NamedTuple):
    """What a page shows, or what is known of it."""

    thread: ThreadState = ThreadState()
    answer: AnswerState = AnswerState()
    sidebar: SidebarState = SidebarState()


class PageSnapshot(NamedTuple):
    """What a page should show; a part that is None was not read, and stays as it is."""

    thread: ThreadSnapshot | DeletedThread | None = None
    answer: LiveAnswer | None = None
    sidebar: SidebarSnapshot | None = None


def diff(state: PageState, snapshot: PageSnapshot) -> tuple[list[Patch], PageState]:
    """Return the patches that bring a page from `state` to `snapshot`, and its state then."""
    patches: list[Patch] = []
    thread, answer, sidebar = state.thread, state.answer, state.sidebar
    if snapshot.thread is not None:
        patches, thread = diff_thread(thread, snapshot.thread)
        answer = rendered_answer(state.thread, snapshot.thread) or answer
    if snapshot.sidebar is not None:
        more, sidebar = diff_sidebar(sidebar, snapshot.sidebar)
        patches += more
    if snapshot.answer is not None:
        more, answer = diff_answer(answer, snapshot.answer)
        patches += more
    return patches, PageState(thread, answer, sidebar)


def rendered_answer(
    state: ThreadState, snapshot: ThreadSnapshot | DeletedThread
) -> AnswerState | None:
    """Return what a page shows of the live answer if the patches for the thread bring it."""
    if isinstance(snapshot, DeletedThread):
        return None
    item = snapshot.live_item
    if item is None:
        return None
    changed = changed_messages(state, snapshot)
    if changed is not None and item.message.pk not in changed:
        return None
    return AnswerState(item.message.pk, None, item.live.notice if item.live else "")


def forget_position(state: PageState) -> PageState:
    """Return the state with unknown text of the live answer, so that all of it is sent again."""
    return state._replace(answer=state.answer._replace(position=None, thoughts=None))
