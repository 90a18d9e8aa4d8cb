"""Deleting a person takes everything they wrote, also what they write at that moment."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connections
from django.db.models.signals import pre_delete

from accounts.models import User
from chat.models import Chunk, Conversation, Draft, Message, Run
from chat.services import drafts, turns
from tests.support.factories import PROCESS, append, asked, run_of, said
from tests.support.polling import eventually, waiting_for_a_lock

Work = Callable[[], object]


@pytest.fixture
def amid(committed: None) -> Iterator[Callable[[Work], list[Future[object]]]]:
    """Does work on another connection between Django's look at what there is to delete and the
    deletion; goes on when it is done or waits for a lock."""
    receivers: list[Callable[..., None]] = []
    with ThreadPoolExecutor(1) as pool:

        def plan(work: Work) -> list[Future[object]]:
            futures: list[Future[object]] = []

            def begin(**kwargs: object) -> None:
                if futures:
                    return
                futures.append(pool.submit(on_own_connection, work))
                eventually(lambda: futures[0].done() or waiting_for_a_lock())

            receivers.append(begin)
            pre_delete.connect(begin, sender=User, weak=False)
            return futures

        yield plan
        for receiver in receivers:
            pre_delete.disconnect(receiver, sender=User)


def on_own_connection(work: Work) -> object:
    try:
        return work()
    finally:
        connections.close_all()


def everything() -> list[int]:
    return [model.objects.count() for model in (Conversation, Message, Run, Chunk, Draft)]


def test_a_person_goes_with_an_answer_that_is_being_written(committed: None, owner: User) -> None:
    turn = asked(owner)
    append(run_of(turn), 0, "Light ")
    drafts.save_draft(owner, turn.conversation.pk, uuid4(), "More?")
    owner.delete()
    assert everything() == [0, 0, 0, 0, 0]
    assert not append(run_of(turn), 6, "scatters.").runs


def test_a_question_that_is_sent_amid_the_deletion_does_not_stop_it(
    owner: User, amid: Callable[[Work], list[Future[object]]]
) -> None:
    conversation = said(owner)
    late = amid(lambda: turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS))
    User.objects.filter(pk=owner.pk).delete()
    assert everything() == [0, 0, 0, 0, 0]
    with pytest.raises(Conversation.DoesNotExist):
        late[0].result(10)


def test_text_that_is_saved_amid_the_deletion_does_not_stop_it(
    owner: User, amid: Callable[[Work], list[Future[object]]]
) -> None:
    turn = asked(owner)
    late = amid(lambda: append(run_of(turn), 0, "Light "))
    owner.delete()
    assert everything() == [0, 0, 0, 0, 0]
    assert late[0].result(10) == append(run_of(turn), 0, "Light ")


def test_others_keep_theirs(committed: None, owner: User, stranger: User) -> None:
    kept = said(stranger)
    said(owner)
    owner.delete()
    assert list(Conversation.objects.all()) == [kept]
