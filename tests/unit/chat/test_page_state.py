"""Whatever happens, in whatever order, and whatever is lost: frames give the page of a load.

A state machine changes one person's conversations, which stand in memory in place of the database.
One page is open: it gets frames, loses them together with its socket, reconnects and is reloaded.
`PAGE_STATE_EXAMPLES` makes it live longer.
"""

import json
import os
from collections.abc import Coroutine
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
    run_state_machine_as_test,
)

from chat.events import Changed, ChangeKind
from chat.models import Conversation, Message, Role, Status
from chat.realtime.frame import Frame, FrameEncoder
from chat.realtime.open_page import OpenPage
from chat.realtime.page_state import PageSnapshot, PageState, diff
from chat.realtime.pending_rows import PendingRows
from chat.realtime.thread_state import DeletedThread, ThreadState
from chat.selectors.change_feed import Snapshot
from tests.support.dom import Element, parse
from tests.support.page_dom import PageDom, lines_of
from tests.support.page_world import World

TEXTS = st.sampled_from(
    ["word ", "*two* words. ", "\n\n", "- item\n", "`code` ", "| a |\n|-|\n", "x " * 40]
)
LINK = '<a href="/m/{key}/thoughts/">Show the thoughts</a>'
TITLES = st.sampled_from(["Sky", "<sea>", "Ü"])
THREAD, ROW = ChangeKind.THREAD, ChangeKind.SIDEBAR_ROW


def run(work: Coroutine[Any, Any, Frame | None]) -> Frame | None:
    """Run a coroutine that never waits."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Frame | None = end.value
        return result
    raise AssertionError("waits")


class Life(RuleBasedStateMachine):
    """`world` is what is so, `page` what the server knows of the page, `dom` what that shows."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.stack = ExitStack()
        self.stack.enter_context(self.world.instead_of_the_database())
        self.page: OpenPage | None = None
        self.reload()

    def teardown(self) -> None:
        try:
            self.settle()
        finally:
            self.stack.close()

    def tell(self, conversation: Conversation, *kinds: ChangeKind, heard: bool = True) -> None:
        """Send events to the page; what it does not hear the clock finds, before anything else."""
        for kind in kinds if heard else ():
            self.open.on_change(Changed(self.world.owner.pk, conversation.pk, kind))
        if not heard:
            self.compare()

    @property
    def open(self) -> OpenPage:
        assert self.page is not None
        return self.page

    def some(self, at: int, role: Role) -> Message | None:
        messages = [item for item in self.world.messages.values() if item.role == role]
        return messages[at % len(messages)] if messages else None

    # The conversation that the page shows
    def is_idle(self) -> bool:
        return self.world.live is None and self.world.home.deleted_at is None

    def is_writing(self) -> bool:
        return self.world.live is not None

    @precondition(is_idle)
    @rule(text=TEXTS, heard=st.booleans())
    def send(self, text: str, heard: bool) -> None:
        question = self.world.add_message(self.world.home.active_leaf_id, Role.USER, text.strip())
        self.world.begin(self.world.add_message(question.pk, Role.ASSISTANT), question)
        self.tell(self.world.home, THREAD, ChangeKind.BUMPED, heard=heard)

    @precondition(is_idle)
    @rule(at=st.integers(0, 9), text=TEXTS)
    def save_edit(self, at: int, text: str) -> None:
        if question := self.some(at, Role.USER):
            self.world.add_message(question.parent_id, Role.USER, text.strip())
            self.world.change_home()
            self.tell(self.world.home, THREAD)

    @precondition(is_idle)
    @rule(at=st.integers(0, 9))
    def regenerate(self, at: int) -> None:
        if question := self.some(at, Role.USER):
            self.world.begin(self.world.add_message(question.pk, Role.ASSISTANT))
            self.tell(self.world.home, THREAD, ChangeKind.BUMPED)

    @precondition(is_idle)
    @rule()
    def go_on(self) -> None:
        branch = self.world.branch()
        if branch and branch[-1].role == Role.ASSISTANT and branch[-1].text:
            answer = branch[-1]
            answer.status, answer.finish_reason, answer.finished_at = Status.PENDING, "", None
            self.world.begin(answer)
            self.tell(self.world.home, THREAD, ChangeKind.BUMPED)

    @precondition(is_idle)
    @rule(at=st.integers(0, 9))
    def choose(self, at: int) -> None:
        if answer := self.some(at, Role.ASSISTANT):
            self.world.home.active_leaf_id = answer.pk
            self.world.change_home()
            self.tell(self.world.home, THREAD)

    @precondition(is_idle)
    @rule(at=st.integers(0, 9), value=st.sampled_from([1, -1, None]))
    def rate(self, at: int, value: int | None) -> None:
        if answer := self.some(at, Role.ASSISTANT):
            answer.feedback = value
            self.world.change_home()
            self.tell(self.world.home, THREAD)

    @precondition(is_writing)
    @rule(text=TEXTS)
    def write(self, text: str) -> None:
        """Blanks alone show nothing, not even that the answer has begun."""
        live = self.world.live
        self.world.write(text if live and live.text else f"Word {text}")

    @precondition(is_writing)
    @rule(thoughts=st.sampled_from(["Hm. ", "a < b\n", "\n\n"]))
    def think(self, thoughts: str) -> None:
        self.world.think(thoughts)

    @precondition(lambda self: self.world.live and not self.world.live.thoughts)
    @rule()
    def retract(self) -> None:
        """A closing tag shows that all text so far was thoughts."""
        if self.world.live and self.world.live.text:
            self.world.retract()

    @precondition(lambda self: self.world.live and not self.world.live.text)
    @rule(notice=st.sampled_from(["", "Number 1 in line.", "Number 2 & more."]))
    def wait(self, notice: str) -> None:
        self.world.show_notice(notice)

    @precondition(is_writing)
    @rule(
        status=st.sampled_from([Status.COMPLETE, Status.STOPPED, Status.FAILED]),
        reason=st.sampled_from(["stop", "length"]),
        heard=st.booleans(),
    )
    def finish(self, status: Status, reason: str, heard: bool) -> None:
        tell = self.world.finish(status, reason)
        self.tell(self.world.home, THREAD, ROW, heard=heard)
        tell()

    @rule(title=TITLES, heard=st.booleans())
    def rename(self, title: str, heard: bool) -> None:
        if self.world.home.deleted_at is None:
            self.world.home.title = title
            self.world.change_home()
            self.tell(self.world.home, ROW, THREAD, heard=heard)

    @rule(temperature=st.sampled_from([None, 0.25, 1.5]))
    def set_temperature(self, temperature: float | None) -> None:
        if self.world.home.deleted_at is None:
            self.world.home.temperature = temperature
            self.world.change_home()
            self.tell(self.world.home, THREAD)

    @precondition(is_idle)
    @rule(heard=st.booleans())
    def delete(self, heard: bool) -> None:
        self.world.home.deleted_at = self.world.began
        self.world.change_home()
        self.tell(self.world.home, ChangeKind.DELETED, heard=heard)

    @precondition(lambda self: self.world.home.deleted_at)
    @rule(heard=st.booleans())
    def restore(self, heard: bool) -> None:
        self.world.home.deleted_at = None
        self.world.change_home()
        self.tell(self.world.home, ChangeKind.RESTORED, heard=heard)

    # The others in the sidebar
    @rule(title=TITLES, heard=st.booleans())
    def begin_another(self, title: str, heard: bool) -> None:
        another = self.world.add_conversation(title)
        self.tell(another, ChangeKind.BUMPED, heard=heard)

    @rule(at=st.integers(0, 9), kind=st.sampled_from(list(ChangeKind)[1:]), heard=st.booleans())
    def change_another(self, at: int, kind: ChangeKind, heard: bool) -> None:
        world = self.world
        others = [item for item in world.conversations.values() if item is not world.home]
        if not others:
            return
        another = others[at % len(others)]
        if (another.deleted_at is None) is (kind is ChangeKind.RESTORED):
            return
        if kind is ChangeKind.DELETED:
            another.deleted_at = world.began
        elif kind is ChangeKind.RESTORED:
            another.deleted_at = None
        elif kind is ROW:
            another.title += "!"
        else:
            another.answered_at = world.began
        world.touch(another, bumped=kind is ChangeKind.BUMPED)
        self.tell(another, kind, heard=heard)

    # The page and its socket
    def next_frame(self) -> dict[str, Any] | None:
        frame = None if self.open.is_current else run(self.open.next_frame())
        if frame is None:
            return None
        self.seq += 1
        decoded: dict[str, Any] = json.loads(self.encoder.encode(frame, self.seq))
        return decoded

    def connect(self, page: OpenPage) -> None:
        if self.page is not None:
            self.page.leave()
        self.page, self.encoder, self.seq = page, FrameEncoder(), 0

    @precondition(lambda self: self.world.home.deleted_at is None)
    @rule()
    def reload(self) -> None:
        self.dom = PageDom(self.world.html())
        state = PageState(ThreadState(self.dom.version))
        rows = PendingRows(Snapshot.parse(self.dom.as_of), False, self.world.home.pk)
        self.connect(OpenPage(self.world.owner, "key", self.world.home.pk, "", state, rows))

    @precondition(lambda self: self.world.home.deleted_at is None)
    @rule(sent=st.booleans())
    def reconnect(self, sent: bool) -> None:
        """Perhaps just when a frame was on its way."""
        if sent:
            self.next_frame()
        state = PageState(ThreadState(self.dom.version))
        rows = PendingRows(Snapshot.parse(self.dom.as_of), True, self.world.home.pk)
        self.connect(OpenPage(self.world.owner, "key", self.world.home.pk, "", state, rows))

    @rule()
    def get_a_frame(self) -> None:
        if frame := self.next_frame():
            self.dom.apply(frame)

    @rule()
    def compare(self) -> None:
        """What the clock does every three seconds."""
        home = self.world.home
        self.open.check_thread(None if home.deleted_at else home.version)
        since = self.open.rows.since
        self.open.on_sidebar_changes(self.world.changes(since or self.world.snapshot()))

    @rule()
    def settle(self) -> None:
        """Once nothing is left to send, the page shows what a load shows."""
        for _ in range(30):
            if (frame := self.next_frame()) is None:
                break
            self.dom.apply(frame)
        else:
            raise AssertionError("frames without end")
        rows = rows_of(PageDom(self.world.html()))
        assert rows_of(self.dom) == rows
        if self.world.home.deleted_at is not None:
            assert "This conversation was deleted." in self.dom.by_id("page-notice").text
            return
        self.check_thoughts()
        loaded = PageDom(self.world.html())
        messages = messages_of(loaded)
        # A page may have more above, which it has shown before.
        assert messages_of(self.dom)[-len(messages) or None :] == messages
        assert around_the_thread(self.dom) == around_the_thread(loaded)

    def check_thoughts(self) -> None:
        """A page shows the thoughts that it was told, and loads the others when they are opened."""
        for item in self.dom.elements("thoughts"):
            if "hx-ignore" not in item.attributes and not item.find("a"):
                key = UUID((item.attributes["id"] or "").removeprefix("thoughts-"))
                assert self.world.thoughts[key].startswith(item.text)
                item.children = [parse(LINK.format(key=key)).children[0]]


def rows_of(page: PageDom) -> list[str]:
    rows = without_blanks(page.by_id("sidebar-list").normalised()).find("li")
    return [line for item in rows if "data-row" in item.attributes for line in lines_of(item)]


def messages_of(page: PageDom) -> list[list[str]]:
    """The children of the thread, without the link to older messages."""
    thread = without_blanks(page.by_id("thread").normalised())
    elements = [item for item in thread.children if isinstance(item, Element)]
    return [lines_of(item) for item in elements if item.attributes.get("class") != "load-older"]


def around_the_thread(page: PageDom) -> list[str]:
    """The rest of the page. A hidden meter may say anything: nobody sees it."""
    conversation = without_blanks(page.by_id("conversation").normalised())
    for item in conversation.elements():
        if item.attributes.get("id") == "thread":
            item.children = []
        elif item.attributes.get("id") == "context-meter" and "hidden" in item.attributes:
            item.children, item.attributes = [], {"id": "context-meter"}
    return lines_of(conversation)


def without_blanks(element: Element) -> Element:
    """Remove white space between elements, which no one sees but in the body of a message."""
    if "message-body" not in (element.attributes.get("class") or ""):
        element.children = [
            without_blanks(item) if isinstance(item, Element) else item
            for item in element.children
            if isinstance(item, Element) or item.strip()
        ]
    return element


def test_frames_give_the_page_of_a_load() -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=int(os.environ.get("PAGE_STATE_EXAMPLES", "60")),
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_end_of_an_answer_brings_the_last_thoughts() -> None:
    """No load brings them to a page that has shown the others."""
    life = Life()
    try:
        life.send("Why?", heard=True)
        life.settle()
        life.think("first ")
        life.get_a_frame()
        life.think("last")
        life.finish(Status.STOPPED, "", heard=True)
        life.get_a_frame()
        (thoughts,) = life.dom.elements("thoughts")
        assert (thoughts.text, "hx-ignore" in thoughts.attributes) == ("first last", False)
    finally:
        life.teardown()


def test_a_comparison_changes_nothing_and_repeats_nothing() -> None:
    """`diff` is a function of its arguments, and afterwards nothing is left to send."""
    world = World()
    question = world.add_message(None, Role.USER, "Why?")
    world.begin(world.add_message(question.pk, Role.ASSISTANT), question)
    world.write("Light *scatters*.")
    loaded = world.load_thread(world.owner, world.home.pk, ThreadState())
    assert not isinstance(loaded, DeletedThread)
    snapshot = PageSnapshot(loaded.snapshot(world.live), world.live)
    state = PageState()
    patches, after = diff(state, snapshot)
    assert (patches, after) == diff(state, snapshot)
    assert state == PageState()
    assert [patch.operation for patch in patches[:2]] == ["innerMorph", "textContent"]
    assert diff(after, snapshot) == ([], after)
    assert diff(after, PageSnapshot(DeletedThread(UUID(int=1))))[0][-1].target == "page-notice"
