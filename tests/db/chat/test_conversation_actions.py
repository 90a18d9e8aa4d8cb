"""What people do with a whole conversation, and what nobody else can do with it."""

from functools import partial
from uuid import UUID, uuid4

import pytest

from accounts.models import User
from chat.errors import ChatError
from chat.models import Conversation, Message, Run
from chat.services import conversation_actions, turns
from tests.support.factories import PROCESS, append, asked, branch, end, run_of, said
from tests.support.threads import together

pytestmark = pytest.mark.django_db


def shown(conversation: Conversation) -> list[str]:
    conversation.refresh_from_db()
    return [message.text for message in branch(conversation)]


# Renaming
def test_a_title_of_ones_own_stays(owner: User) -> None:
    conversation = said(owner)
    assert conversation_actions.rename(owner, conversation.pk, "  My \n title ").title == "My title"
    turn = turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS)
    end(turn)
    turns.edit(owner, branch(Conversation.objects.get())[0].pk, uuid4(), "First?", PROCESS)
    conversation.refresh_from_db()
    assert (conversation.title, conversation.title_is_custom) == ("My title", True)


def test_a_title_made_by_us_is_not_somebodys_own(owner: User) -> None:
    assert not said(owner).title_is_custom


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("", "empty_title"),
        (" \n\t ", "empty_title"),
        ("\u200b\u2060", "empty_title"),
        ("\x00\x1b\ud800", "empty_title"),
    ],
)
def test_titles_that_cannot_be(owner: User, title: str, code: str) -> None:
    conversation = said(owner)
    with pytest.raises(ChatError) as refused:
        conversation_actions.rename(owner, conversation.pk, title)
    assert refused.value.code == code
    conversation.refresh_from_db()
    assert conversation.title == "Why is the sky blue?"


def test_a_title_of_200_characters_is_kept_whole_and_a_longer_one_refused(owner: User) -> None:
    key = said(owner).pk
    assert conversation_actions.rename(owner, key, "😀" * 200).title == "😀" * 200
    with pytest.raises(ChatError, match="201 characters, and the limit is 200") as refused:
        conversation_actions.rename(owner, key, "x" * 201)
    assert refused.value.code == "title_too_long"


# Deleting
def test_deleting_hides_and_asks_the_answer_to_stop(owner: User) -> None:
    turn = asked(owner)
    version = turn.conversation.version
    conversation_actions.delete(owner, turn.conversation.pk)
    conversation = Conversation.objects.get()
    assert conversation.deleted_at is not None
    assert conversation.version == version + 1
    assert not Conversation.objects.owned_by(owner).exists()
    assert append(run_of(turn), 0, "text").stops == {run_of(turn).pk}


def test_restoring_brings_it_back_as_it_was(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    before = shown(conversation)
    conversation_actions.delete(owner, conversation.pk)
    conversation_actions.restore(owner, conversation.pk)
    assert shown(conversation) == before
    assert Conversation.objects.owned_by(owner).get() == conversation


def test_what_is_not_deleted_cannot_be_restored(owner: User) -> None:
    with pytest.raises(Conversation.DoesNotExist):
        conversation_actions.restore(owner, said(owner).pk)


def test_what_is_deleted_cannot_be_deleted_again(owner: User) -> None:
    conversation = said(owner)
    conversation_actions.delete(owner, conversation.pk)
    deleted_at = Conversation.objects.get().deleted_at
    with pytest.raises(Conversation.DoesNotExist):
        conversation_actions.delete(owner, conversation.pk)
    assert Conversation.objects.get().deleted_at == deleted_at


def test_a_question_sent_while_somebody_deletes_is_stopped_or_refused(
    committed: None, owner: User
) -> None:
    for number in range(8):
        conversation = said(owner, f"{number}?")

        sent, _ = together(
            partial(sent_to, owner, conversation.pk),
            partial(deleted, owner, conversation.pk),
        )
        live = Run.objects.filter(conversation=conversation, ended_at__isnull=True)
        assert [run.stop_requested for run in live] == [True] * sent


def sent_to(user: User, key: UUID) -> bool:
    try:
        turns.send(user, key, uuid4(), "More?", PROCESS)
    except Conversation.DoesNotExist:
        return False
    return True


def deleted(user: User, key: UUID) -> bool:
    return bool(conversation_actions.delete(user, key))


def chosen(user: User, key: UUID) -> bool:
    return bool(conversation_actions.choose_branch(user, key))


# Stopping
def test_stop_marks_the_live_run_once_and_again(owner: User) -> None:
    turn = asked(owner)
    key = run_of(turn).pk
    assert conversation_actions.request_stop(turn.conversation) == key
    assert conversation_actions.request_stop(turn.conversation) == key
    end(turn)
    assert conversation_actions.request_stop(turn.conversation) is None
    assert Run.objects.get().stop_requested


# Branches
def test_choosing_shows_the_newest_end_of_the_branch(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    question = branch(conversation)[0]
    end(turns.edit(owner, question.pk, uuid4(), "First?", PROCESS), "New.")
    assert shown(conversation) == ["First?", "New."]
    before = conversation.version
    conversation_actions.choose_branch(owner, question.pk)
    assert shown(conversation) == ["One?", "About: One?", "Two?", "About: Two?"]
    assert conversation.version == before + 1


def test_choosing_goes_to_the_newest_of_several_answers(owner: User) -> None:
    conversation = said(owner, "One?")
    question, answer = branch(conversation)
    for text in ("Second.", "Third."):
        end(turns.regenerate(owner, answer.pk, PROCESS), text)
    conversation_actions.choose_branch(owner, answer.pk)
    assert shown(conversation) == ["One?", "About: One?"]
    conversation_actions.choose_branch(owner, question.pk)
    assert shown(conversation) == ["One?", "Third."]


def test_a_question_sent_while_somebody_chooses_stays_in_sight(
    committed: None, owner: User
) -> None:
    for number in range(8):
        conversation = said(owner, f"{number}?")
        answer = branch(conversation)[1]
        together(
            partial(sent_to, owner, conversation.pk),
            partial(chosen, owner, answer.pk),
        )
        assert "More?" in shown(conversation)


# Strangers
def test_a_stranger_can_do_nothing(owner: User, stranger: User) -> None:
    conversation = said(owner)
    conversation_actions.delete(owner, conversation.pk)
    with pytest.raises(Conversation.DoesNotExist):
        conversation_actions.restore(stranger, conversation.pk)
    conversation_actions.restore(owner, conversation.pk)
    works = [
        partial(conversation_actions.rename, stranger, conversation.pk, "Mine"),
        partial(conversation_actions.delete, stranger, conversation.pk),
        partial(conversation_actions.choose_branch, stranger, branch(conversation)[1].pk),
    ]
    before = Conversation.objects.values().get()
    for work in works:
        with pytest.raises((Conversation.DoesNotExist, Message.DoesNotExist)):
            work()
    assert Conversation.objects.values().get() == before
