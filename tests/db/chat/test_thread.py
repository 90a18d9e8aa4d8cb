"""Reads for pages: the end of the branch first, older messages and conversations by cursor."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat.models import Conversation, Status
from chat.selectors import messages, sidebar_rows
from chat.selectors.messages import PAGE_SIZE, ThreadPage
from chat.selectors.sidebar_rows import SidebarRow
from chat.services import conversation_actions, turns
from chat.services.turns import Turn
from tests.support.chat import Counted
from tests.support.factories import (
    PROCESS,
    append,
    asked,
    branch,
    end,
    long_conversation,
    run_of,
    said,
)

pytestmark = pytest.mark.django_db


def texts(page: ThreadPage) -> list[str]:
    return [message.text for message in page.messages]


def page_of(
    conversation: Conversation, end: UUID | None = None, size: int = PAGE_SIZE
) -> ThreadPage:
    found, page = messages.load_thread(conversation.owner, conversation.pk, end, size)
    assert found == conversation
    return page


# The thread
def test_two_thousand_messages_open_on_the_last_page(owner: User, queries: Counted) -> None:
    conversation = long_conversation(owner, 2_000)
    with queries:
        page = page_of(conversation)
    assert texts(page) == [f"message {seq}" for seq in range(1_971, 2_001)]
    assert queries.count == 1


def test_the_statements_do_not_grow_with_the_page(owner: User, queries: Counted) -> None:
    conversation = long_conversation(owner, 500)
    with queries:
        page_of(conversation, size=400)
    assert queries.count == 1


def test_older_pages_meet_without_gap_or_double(owner: User) -> None:
    conversation = long_conversation(owner, 101)
    found: list[str] = []
    page = page_of(conversation)
    found[:0] = texts(page)
    while page.older:
        page = page_of(conversation, page.older)
        assert len(page.messages) <= PAGE_SIZE
        found[:0] = texts(page)
    assert found == [f"message {seq}" for seq in range(1, 102)]


def test_a_conversation_that_ends_with_the_page_has_nothing_older(owner: User) -> None:
    page = page_of(long_conversation(owner, PAGE_SIZE))
    assert len(page.messages) == PAGE_SIZE
    assert page.older is None


def test_an_empty_conversation_has_an_empty_page(owner: User) -> None:
    page = page_of(Conversation.objects.create(owner=owner))
    assert (page.messages, page.older, page.siblings) == ([], None, {})


@pytest.mark.parametrize("end", ["elsewhere", "nowhere"])
def test_a_page_that_ends_in_no_message_of_it_is_empty(owner: User, end: str) -> None:
    conversation = said(owner, "Mine?")
    key = branch(said(owner, "Other?"))[0].pk if end == "elsewhere" else uuid4()
    assert page_of(conversation, key).messages == []


def test_only_the_shown_branch_is_read(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    turn = turns.edit(owner, branch(conversation)[2].pk, uuid4(), "Second?", PROCESS)
    end(turn, "Another.")
    conversation.refresh_from_db()
    assert texts(page_of(conversation)) == ["One?", "About: One?", "Second?", "Another."]


# Siblings
def test_siblings_have_a_place(owner: User) -> None:
    conversation = said(owner, "One?")
    question, first = branch(conversation)
    second = turns.regenerate(owner, first.pk, PROCESS)
    end(second)
    edited = turns.edit(owner, question.pk, uuid4(), "First?", PROCESS)
    end(edited)
    conversation.refresh_from_db()
    page = page_of(conversation)
    assert edited.question is not None
    key = edited.question.pk
    assert page.siblings == {key: messages.Siblings((question.pk, key), 2)}
    conversation_actions.choose_branch(owner, first.pk)
    conversation.refresh_from_db()
    page = page_of(conversation)
    assert page.siblings[question.pk].index == 1
    assert page.siblings[first.pk] == messages.Siblings((first.pk, second.answer.pk), 1)


def test_a_conversation_without_branches_has_no_siblings(owner: User) -> None:
    assert page_of(said(owner, "One?", "Two?")).siblings == {}


# Text on its way
def live_text(turn: Turn) -> tuple[str, str]:
    answer = messages.load_live_text(turn.answer.pk)
    return answer.status, answer.text


def test_a_live_answer_has_the_text_that_is_saved(owner: User, queries: Counted) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light ")
    append(run_of(turn), 6, "scat")
    conversation = Conversation.objects.get()
    with queries:
        page = page_of(conversation)
    assert page.messages[-1].text == "Light scat"
    assert queries.count == 2  # one of them for the owner
    assert live_text(turn) == ("streaming", "Light scat")


def test_a_continued_answer_has_both_texts(owner: User) -> None:
    turn = asked(owner)
    end(turn, "Half ", Status.STOPPED)
    more = turns.continue_answer(owner, turn.answer.pk, PROCESS)
    append(run_of(more), 5, "of it")
    assert live_text(turn) == ("streaming", "Half of it")


def test_what_is_read_before_a_close_is_what_it_leaves(owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light scatters.")
    before = live_text(turn)[1]
    end(turn, "Light scatters.")
    assert live_text(turn) == ("complete", before)


# The branch for the model
def test_what_was_said_comes_newest_first_without_the_answer(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    answer = branch(conversation)[-1]
    spoken = [(turn.role, turn.text) for turn in messages.load_history(answer)]
    assert spoken == [("user", "Two?"), ("assistant", "About: One?"), ("user", "One?")]


def test_what_was_said_has_an_end(owner: User, queries: Counted) -> None:
    conversation = long_conversation(owner, 1_000)
    answer = conversation.active_leaf
    assert answer is not None
    with queries:
        assert len(messages.load_history(answer)) == 400
    assert queries.count == 1


# The sidebar
def at(user: User, title: str, minute: int) -> Conversation:
    moment = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(minutes=minute)
    made: Conversation = Conversation.objects.create(
        owner=user, title=title, last_activity_at=moment
    )
    return made


def pages(user: User, size: int) -> list[list[SidebarRow]]:
    found: list[list[SidebarRow]] = []
    before: tuple[datetime, UUID] | None = None
    while rows := sidebar_rows.list_rows(user, before, size):
        found.append(rows)
        before = (rows[-1].last_activity_at, rows[-1].id)
    return found


def test_rows_come_newest_first(owner: User) -> None:
    for minute, title in ((1, "old"), (3, "new"), (2, "middle")):
        at(owner, title, minute)
    assert [row.title for row in sidebar_rows.list_rows(owner)] == ["new", "middle", "old"]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_equal_times_meet_without_gap_or_double(owner: User, size: int) -> None:
    made = [at(owner, f"row {n}", minute=n // 5).pk for n in range(20)]
    seen = [row.id for rows in pages(owner, size) for row in rows]
    assert sorted(seen) == sorted(made)
    assert len(seen) == 20


def test_rows_are_the_persons_own_and_not_deleted(owner: User, stranger: User) -> None:
    kept, gone = said(owner, "Kept?"), said(owner, "Gone?")
    said(stranger, "Theirs?")
    conversation_actions.delete(owner, gone.pk)
    assert [row.id for row in sidebar_rows.list_rows(owner)] == [kept.pk]


def test_rows_say_who_is_answering(owner: User, queries: Counted) -> None:
    quiet, busy = said(owner), asked(owner).conversation
    with queries:
        rows = sidebar_rows.list_rows(owner)
    assert {row.id: row.answering for row in rows} == {quiet.pk: False, busy.pk: True}
    assert queries.count == 1
    assert sidebar_rows.get_row(owner, busy.pk).answering


def test_one_row_is_found_by_its_owner_only(owner: User, stranger: User) -> None:
    conversation = said(owner)
    with pytest.raises(Conversation.DoesNotExist):
        sidebar_rows.get_row(stranger, conversation.pk)
    with pytest.raises(Conversation.DoesNotExist):
        messages.get_conversation(stranger, conversation.pk)


# The watch
def test_states_tell_version_and_deletion(owner: User, queries: Counted) -> None:
    one, two = said(owner), said(owner)
    conversation_actions.delete(owner, two.pk)
    with queries:
        states = messages.load_states([one.pk, two.pk, uuid4()])
    assert queries.count == 1
    assert states == {
        one.pk: messages.ConversationState(one.version, gone=False),
        two.pk: messages.ConversationState(two.version + 1, gone=True),
    }


def test_the_last_run_tells_what_made_an_answer(owner: User) -> None:
    turn = asked(owner)
    end(turn, "Half", Status.STOPPED)
    more = turns.continue_answer(owner, turn.answer.pk, PROCESS)
    run = messages.latest_run(turn.answer)
    assert run == more.run
    assert run is not None
    assert str(run.prompt_version) == "Default v1"
