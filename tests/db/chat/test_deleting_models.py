"""A model or a connection that is deleted in the milliseconds in which somebody asks it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from uuid import uuid4

import pytest
from django.db import IntegrityError, connections, transaction
from django.test import Client

from accounts.models import User
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection, Conversation, Run
from chat.services import turns
from chat.services.offered_models import add_models
from chat.services.preferences import GenerationSettings
from tests.support.factories import PROCESS
from tests.support.polling import wait_for_blocked

Work = Callable[[], object]
CONFIRMED = {"post": "yes"}


@pytest.fixture
def model(committed: None) -> Iterator[ChatModel]:
    connection = Connection.objects.create(name="Second", address="http://127.0.0.1:9/v1")
    with transaction.atomic():
        (row,) = add_models(connection, [ListedModel("second", 8192)])
    yield row
    Conversation.objects.all().delete()
    Connection.objects.filter(pk=connection.pk).delete()


@pytest.fixture
def elsewhere() -> Iterator[Callable[[Work], Future[object]]]:
    """Does work on a connection of its own."""

    def run(work: Work) -> object:
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        yield lambda work: pool.submit(run, work)


def ask_and_hold(user: User, model: ChatModel, is_held: Event, goes_on: Event) -> None:
    """A question whose model nobody can delete before it is committed."""
    with transaction.atomic():
        ask(user, model)
        ChatModel.objects.select_for_update(no_key=True).get(pk=model.pk)
        is_held.set()
        assert goes_on.wait(10)


def ask(user: User, model: ChatModel) -> turns.Turn:
    choices = GenerationSettings(model.pk, None, None, None, None)
    return turns.start_conversation(user, uuid4(), "Why?", PROCESS, choices)


def paths(model: ChatModel) -> dict[str, tuple[str, dict[str, str]]]:
    """Where an administrator deletes it: on its page and from the list, alone and with others."""
    chosen = {"action": "delete_selected", "_selected_action": str(model.pk), **CONFIRMED}
    owner = {**chosen, "_selected_action": str(model.connection_id)}
    return {
        "model": (f"/admin/chat/chatmodel/{model.pk}/delete/", CONFIRMED),
        "models": ("/admin/chat/chatmodel/", chosen),
        "connection": (f"/admin/chat/connection/{model.connection_id}/delete/", CONFIRMED),
        "connections": ("/admin/chat/connection/", owner),
    }


@pytest.mark.parametrize("place", ["model", "models", "connection", "connections"])
def test_it_goes_although_a_question_is_sent_meanwhile(
    staff_client: Client,
    owner: User,
    model: ChatModel,
    elsewhere: Callable[[Work], Future[object]],
    place: str,
) -> None:
    """The question is committed after Django emptied the references that it knew of."""
    User.objects.filter(is_staff=True).update(is_superuser=True)
    is_held, goes_on = Event(), Event()
    path, fields = paths(model)[place]
    question = elsewhere(lambda: ask_and_hold(owner, model, is_held, goes_on))
    assert is_held.wait(10)
    deletion = elsewhere(lambda: staff_client.post(path, fields).status_code)
    wait_for_blocked(1)
    goes_on.set()
    question.result(10)
    assert deletion.result(10) == 302
    assert not ChatModel.objects.filter(pk=model.pk).exists()
    run, conversation = Run.objects.get(), Conversation.objects.get()
    assert (run.model_id, run.repo_id) == (None, "second")
    assert (conversation.model_id, conversation.active_leaf_id) == (None, run.message_id)


def test_a_question_of_a_deleted_model_writes_nothing(
    owner: User, model: ChatModel, elsewhere: Callable[[Work], Future[object]]
) -> None:
    key = model.pk

    def delete_before_commit() -> None:
        with transaction.atomic():
            ask(owner, model)
            elsewhere(ChatModel.objects.filter(pk=key).delete).result(10)

    with pytest.raises(IntegrityError):
        elsewhere(delete_before_commit).result(20)
    assert not Conversation.objects.exists()
