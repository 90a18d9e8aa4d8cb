"""Starting answers: what is written, once, in order, and with what made it."""

from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat.errors import ChatError
from chat.models import Conversation, Message, Run, Status
from chat.services import conversation_actions, turns
from chat.services.turns import Turn
from tests.support.chat import Counted
from tests.support.factories import (
    PROCESS,
    append,
    asked,
    branch,
    end,
    lapse,
    run_of,
    said,
)
from tests.support.threads import together

pytestmark = pytest.mark.django_db


def shown(conversation: Conversation) -> list[str]:
    conversation.refresh_from_db()
    return [message.text for message in branch(conversation)]


# Starting
def test_a_start_makes_question_answer_and_run(owner: User) -> None:
    turn = asked(owner, "Why?")
    conversation = Conversation.objects.get()
    question, answer = Message.objects.order_by("seq")
    assert (conversation.owner, conversation.active_leaf_id) == (owner, answer.pk)
    assert (question.text, question.status, question.parent) == ("Why?", "complete", None)
    assert (answer.text, answer.status, answer.parent) == ("", "pending", question)
    assert (question.seq, answer.seq, conversation.next_seq) == (1, 2, 3)
    run = Run.objects.get()
    assert run == turn.run
    assert (run.message, run.worker_id, run.ended_at) == (answer, PROCESS, None)


def test_the_lease_ends_ten_seconds_from_now_by_the_clock_of_the_database(owner: User) -> None:
    run = run_of(asked(owner))
    run.refresh_from_db()
    assert 9.9 < (run.lease_until - run.created_at).total_seconds() < 10.1


def test_a_send_goes_to_the_end_of_the_shown_branch(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    turn = turns.send(owner, conversation.pk, uuid4(), "Three?", PROCESS)
    assert shown(conversation) == ["One?", "About: One?", "Two?", "About: Two?", "Three?", ""]
    assert [message.seq for message in branch(conversation)] == [1, 2, 3, 4, 5, 6]
    assert turn.answer.pk == conversation.active_leaf_id


def test_each_turn_moves_the_conversation_up_and_its_version_on(owner: User) -> None:
    before = said(owner)
    turns.send(owner, before.pk, uuid4(), "More?", PROCESS)
    after = Conversation.objects.get()
    assert after.version == before.version + 1
    assert after.last_activity_at >= before.last_activity_at


# Once
def test_starting_twice_makes_one_conversation(owner: User) -> None:
    key = uuid4()
    first = turns.start_conversation(owner, key, "Why?", PROCESS)
    again = turns.start_conversation(owner, key, "Why?", PROCESS)
    assert again.run is None
    assert (again.conversation, again.answer) == (first.conversation, first.answer)
    assert (Conversation.objects.count(), Message.objects.count(), Run.objects.count()) == (1, 2, 1)


def test_sending_twice_makes_one_message_also_after_the_answer(owner: User) -> None:
    conversation, key = said(owner), uuid4()
    first = turns.send(owner, conversation.pk, key, "More?", PROCESS)
    again = turns.send(owner, conversation.pk, key, "More?", PROCESS)
    end(first)
    late = turns.send(owner, conversation.pk, key, "More?", PROCESS)
    assert again.run is late.run is None
    assert first.answer == again.answer == late.answer
    assert Message.objects.count() == 4


def test_editing_twice_makes_one_sibling(owner: User) -> None:
    conversation, key = said(owner), uuid4()
    question = branch(conversation)[0]
    first = turns.edit(owner, question.pk, key, "Why not?", PROCESS)
    again = turns.edit(owner, question.pk, key, "Why not?", PROCESS)
    assert again.run is None
    assert again.answer == first.answer
    assert Message.objects.count() == 4


def test_two_people_may_use_the_same_client_id(owner: User, stranger: User) -> None:
    key = uuid4()
    turns.start_conversation(owner, key, "Why?", PROCESS)
    turn = turns.start_conversation(stranger, key, "Why?", PROCESS)
    assert turn.run is not None
    assert Conversation.objects.count() == 2


def test_two_starts_at_once_make_one_conversation(committed: None, owner: User) -> None:
    start = partial(turns.start_conversation, owner, uuid4(), "Why?", PROCESS)
    made = together(*[start] * 4)
    assert len({turn.answer.pk for turn in made}) == 1
    assert sum(turn.run is not None for turn in made) == 1
    assert Message.objects.count() == 2


def test_two_equal_sends_at_once_make_one_message(committed: None, owner: User) -> None:
    conversation = said(owner)
    send = partial(turns.send, owner, conversation.pk, uuid4(), "More?", PROCESS)
    made = together(*[send] * 4)
    assert sum(turn.run is not None for turn in made) == 1
    assert Message.objects.filter(text="More?").count() == 1


def test_of_two_different_sends_at_once_one_is_told_to_wait(committed: None, owner: User) -> None:
    conversation = said(owner)

    def send(text: str) -> Turn | str:
        try:
            return turns.send(owner, conversation.pk, uuid4(), text, PROCESS)
        except ChatError as problem:
            return problem.code

    made = together(*[partial(send, text) for text in ("One?", "Two?", "Three?")])
    assert sorted(turn if isinstance(turn, str) else "" for turn in made) == ["", "busy", "busy"]
    assert Run.objects.filter(ended_at__isnull=True).count() == 1


# While an answer runs
Command = Callable[[User, Turn], Turn]
COMMANDS: dict[str, Command] = {
    "send": lambda user, turn: turns.send(user, turn.conversation.pk, uuid4(), "x", PROCESS),
    "edit": lambda user, turn: turns.edit(user, question_of(turn), uuid4(), "x", PROCESS),
    "regenerate": lambda user, turn: turns.regenerate(user, turn.answer.pk, PROCESS),
    "continue": lambda user, turn: turns.continue_answer(user, turn.answer.pk, PROCESS),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def question_of(turn: Turn) -> UUID:
    assert turn.answer.parent_id is not None
    return turn.answer.parent_id


@every_command
def test_nothing_begins_while_an_answer_runs(owner: User, command: Command) -> None:
    turn = asked(owner)
    with pytest.raises(ChatError) as refused:
        command(owner, turn)
    assert (refused.value.code, refused.value.status) == ("busy", 409)
    assert (Message.objects.count(), Run.objects.count()) == (2, 1)


@every_command
def test_a_lapsed_run_is_busy_until_somebody_ends_it(owner: User, command: Command) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "text")
    lapse(run_of(turn))
    with pytest.raises(ChatError, match="still being written"):
        command(owner, turn)


@every_command
def test_a_stranger_finds_nothing(owner: User, stranger: User, command: Command) -> None:
    turn = asked(owner)
    end(turn)
    with pytest.raises((Conversation.DoesNotExist, Message.DoesNotExist)):
        command(stranger, turn)
    assert Message.objects.count() == 2


@every_command
def test_nothing_begins_in_a_deleted_conversation(owner: User, command: Command) -> None:
    turn = asked(owner)
    end(turn)
    conversation_actions.delete(owner, turn.conversation.pk)
    with pytest.raises((Conversation.DoesNotExist, Message.DoesNotExist)):
        command(owner, turn)


# Other answers
def test_regenerate_makes_a_sibling_of_the_answer(owner: User) -> None:
    conversation = said(owner, "Why?")
    question, answer = branch(conversation)
    turn = turns.regenerate(owner, answer.pk, PROCESS)
    assert shown(conversation) == ["Why?", ""]
    assert (turn.answer.parent, turn.answer.seq, turn.question) == (question, 3, None)
    assert Message.objects.get(pk=answer.pk).text == "About: Why?"


def test_an_edit_makes_a_sibling_of_the_question(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    turns.edit(owner, branch(conversation)[2].pk, uuid4(), "Second?", PROCESS)
    assert shown(conversation) == ["One?", "About: One?", "Second?", ""]
    assert Message.objects.filter(text="Two?").exists()


def test_the_first_question_can_be_edited(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    turns.edit(owner, branch(conversation)[0].pk, uuid4(), "First?", PROCESS)
    assert shown(conversation) == ["First?", ""]
    assert conversation.title == "One?"


@pytest.mark.parametrize("command", ["edit", "regenerate", "continue"])
def test_a_command_for_the_other_role_finds_nothing(owner: User, command: str) -> None:
    question, answer = branch(said(owner))
    works = {
        "edit": partial(turns.edit, owner, answer.pk, uuid4(), "x", PROCESS),
        "regenerate": partial(turns.regenerate, owner, question.pk, PROCESS),
        "continue": partial(turns.continue_answer, owner, question.pk, PROCESS),
    }
    with pytest.raises(Message.DoesNotExist):
        works[command]()


# Going on
@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        (Status.STOPPED, "", ""),
        (Status.INTERRUPTED, "", ""),
        (Status.FAILED, "", "cut"),
        (Status.COMPLETE, "length", ""),
    ],
)
def test_continue_is_a_further_run_of_the_same_answer(
    owner: User, status: Status, reason: str, code: str
) -> None:
    turn = asked(owner)
    end(turn, "Half of", status, reason=reason, code=code)
    more = turns.continue_answer(owner, turn.answer.pk, PROCESS)
    run = run_of(more)
    answer = Message.objects.get(pk=turn.answer.pk)
    assert more.answer == answer
    assert run.is_continuation
    assert (answer.status, answer.text, answer.error_code) == ("pending", "Half of", "")
    assert (answer.finish_reason, answer.finished_at) == ("", None)
    assert Conversation.objects.get().next_seq == 3
    end(more, "Half of it.")
    assert Message.objects.get(pk=answer.pk).text == "Half of it."


def test_an_answer_without_text_cannot_go_on(owner: User) -> None:
    turn = asked(owner)
    end(turn, "", Status.STOPPED)
    with pytest.raises(ChatError) as refused:
        turns.continue_answer(owner, turn.answer.pk, PROCESS)
    assert (refused.value.code, refused.value.status) == ("nothing_to_continue", 409)
    assert Message.objects.get(pk=turn.answer.pk).status == "stopped"


@pytest.mark.parametrize("reason", ["stop", "eos_token", "stop_sequence"])
def test_an_answer_that_its_model_ended_does_not_go_on(owner: User, reason: str) -> None:
    turn = asked(owner)
    end(turn, "All of it.", reason=reason)
    with pytest.raises(ChatError, match="finished this answer") as refused:
        turns.continue_answer(owner, turn.answer.pk, PROCESS)
    assert (refused.value.code, refused.value.status) == ("finished", 409)
    answer = Message.objects.get(pk=turn.answer.pk)
    assert (answer.status, answer.finish_reason) == ("complete", reason)


def test_only_the_last_answer_shown_can_go_on(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    answer = branch(conversation)[1]
    Message.objects.filter(pk=answer.pk).update(finish_reason="length")
    with pytest.raises(ChatError, match="nothing to continue"):
        turns.continue_answer(owner, answer.pk, PROCESS)
    answer.refresh_from_db()
    assert (answer.status, answer.finish_reason) == ("complete", "length")


# Cost
@pytest.mark.parametrize(
    ("name", "most"),
    [("start", 11), ("send", 10), ("edit", 11), ("regenerate", 9), ("continue", 10)],
)
def test_a_command_takes_few_statements(
    owner: User, queries: Counted, name: str, most: int
) -> None:
    turn = asked(owner)
    end(turn, reason="length")
    with queries:
        if name == "start":
            asked(owner)
        else:
            COMMANDS[name](owner, turn)
    assert queries.count <= most, [query["sql"] for query in queries.captured_queries]
