"""How full the model's window is, and where it stops to remember: as it is sent."""

from uuid import uuid4

import pytest

from accounts.models import User
from chat.errors import ChatError
from chat.events import Outcome
from chat.models import ChatModel, Conversation, SystemPrompt
from chat.selectors.context_usage import measure_context
from chat.services import system_prompts, turns
from chat.services.finish_run import FinalText, finish

pytestmark = pytest.mark.django_db
PROCESS = uuid4()


@pytest.fixture(autouse=True)
def small(db: None) -> None:
    ChatModel.objects.filter(is_default=True).update(context_window=600, max_output=200)


def said(user: User, count: int) -> Conversation:
    turn = turns.start_conversation(user, uuid4(), "word " * 30, PROCESS)
    for number in range(count):
        assert turn.run is not None
        finish(turn.run, Outcome("complete", "stop"), FinalText("answer " * 20))
        if number + 1 < count:
            turn = turns.send(user, turn.conversation.pk, uuid4(), "word " * 30, PROCESS)
    found: Conversation = Conversation.objects.get(pk=turn.conversation.pk)
    return found


def test_a_short_conversation_is_remembered_whole(owner: User) -> None:
    found = measure_context(said(owner, 1))
    assert found is not None
    assert found.first is None
    assert 0 < found.used < found.size == 400
    assert found.exact


def test_a_long_one_has_a_line(owner: User) -> None:
    conversation = said(owner, 12)
    found = measure_context(conversation)
    assert found is not None
    assert found.first is not None
    assert found.percent > 60
    assert found.used <= found.size
    assert conversation.messages.get(pk=found.first).seq > 2


def test_an_empty_conversation_has_none(owner: User) -> None:
    assert measure_context(Conversation.objects.create(owner=owner)) is None


def test_what_can_never_fit_is_refused(owner: User) -> None:
    with pytest.raises(ChatError) as refused:
        turns.start_conversation(owner, uuid4(), "word " * 500, PROCESS)
    assert refused.value.code == "question_too_long"
    assert refused.value.counts is not None
    assert f"{refused.value.counts['tokens']} tokens" in refused.value.sentence
    assert not Conversation.objects.exists()


@pytest.mark.parametrize("long", ["answer", "prompt"])
def test_where_no_question_fits_nobody_is_asked_for_a_shorter_one(owner: User, long: str) -> None:
    if long == "answer":
        ChatModel.objects.filter(is_default=True).update(max_output=590)
    else:
        prompt = SystemPrompt.objects.get()
        system_prompts.save_version(prompt, "word " * 400, "", None)
        system_prompts.publish(prompt, 2)
    with pytest.raises(ChatError) as refused:
        turns.start_conversation(owner, uuid4(), "Why is the sky blue?", PROCESS)
    assert refused.value.code == "no_room"
    assert "administrator" in refused.value.sentence
    assert not Conversation.objects.exists()


def test_a_saved_edit_ends_the_branch_and_can_be_asked_later(owner: User) -> None:
    conversation = said(owner, 1)
    question = conversation.messages.get(role="user")
    key = uuid4()
    turns.save_edit(owner, question.pk, key, "Other words")
    turns.save_edit(owner, question.pk, key, "Other words")
    leaf = conversation.messages.get(client_id=key)
    conversation.refresh_from_db()
    assert conversation.active_leaf_id == leaf.pk
    assert conversation.messages.count() == 3
    turn = turns.regenerate(owner, leaf.pk, PROCESS)
    assert turn.answer.parent_id == leaf.pk
