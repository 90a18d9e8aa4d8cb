"""What the database refuses, whoever asks."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models.functions import Now

from accounts.models import User
from chat.models import (
    ChatModel,
    Chunk,
    Conversation,
    Message,
    PromptVersion,
    Role,
    Run,
    Status,
    SystemPrompt,
)
from tests.support.factories import PROCESS, asked, default_model, message, run_of, said

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(owner: User) -> Conversation:
    return said(owner)


def refused(name: str, work: Any) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        work()


@pytest.mark.parametrize("status", [s for s in Status if s != Status.COMPLETE])
def test_a_question_is_always_complete(conversation: Conversation, status: Status) -> None:
    row = message(conversation, 9, role=Role.USER, status=status)
    refused("message_role_and_status", row.save)


@pytest.mark.parametrize(("role", "status"), [("system", "complete"), ("assistant", "odd")])
def test_unknown_roles_and_states(conversation: Conversation, role: str, status: str) -> None:
    row = message(conversation, 9, role=role, status=status)
    refused("message_role_and_status", row.save)


@pytest.mark.parametrize("status", [s for s in Status if s != Status.FAILED])
def test_only_a_failed_answer_has_an_error_code(conversation: Conversation, status: Status) -> None:
    row = message(conversation, 10, status=status, error_code="cut")
    refused("message_error_only_when_failed", row.save)


def test_a_place_in_a_conversation_is_taken_once(conversation: Conversation) -> None:
    refused("message_seq_once", message(conversation, 1).save)


def test_a_client_id_makes_one_message_of_a_conversation(
    conversation: Conversation, owner: User
) -> None:
    key = Message.objects.get(conversation=conversation, seq=1).client_id
    refused("message_client_id_once", message(conversation, 9, client_id=key).save)
    message(said(owner), 9, client_id=key).save()


def test_a_client_id_makes_one_conversation_of_a_person(
    conversation: Conversation, owner: User, stranger: User
) -> None:
    key = conversation.client_id
    refused(
        "conversation_client_id_once",
        lambda: Conversation.objects.create(owner=owner, client_id=key),
    )
    Conversation.objects.create(owner=stranger, client_id=key)


def test_one_live_run_in_a_conversation(owner: User) -> None:
    turn = asked(owner)
    again: dict[str, Any] = {
        "conversation": turn.conversation,
        "message": turn.answer,
        "worker_id": PROCESS,
        "lease_until": Now(),
        "max_tokens": 1,
    }
    refused("run_one_live_per_conversation", lambda: Run.objects.create(**again))
    Run.objects.create(**again, ended_at=Now())


def test_a_piece_of_text_has_one_place(owner: User) -> None:
    run = run_of(asked(owner))
    Chunk.objects.create(run=run, offset=0, text="a")
    Chunk.objects.create(run=run, offset=0, text="a", is_thought=True)
    refused("chunk_position_once", lambda: Chunk.objects.create(run=run, offset=0, text="b"))


def test_one_default_prompt_and_one_default_model() -> None:
    refused(
        "system_prompt_one_default",
        lambda: SystemPrompt.objects.create(name="Second", is_default=True),
    )
    refused("chat_model_one_default", lambda: ChatModel.objects.update(is_default=True))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"max_output": 32_768}, "chat_model_output_fits_window"),
        ({"max_output": 40_000}, "chat_model_output_fits_window"),
        ({"kind": "image"}, "chat_model_kind_known"),
        ({"repo_id": "openai-community/gpt2"}, "repo_id"),
    ],
)
def test_models_that_cannot_be(change: dict[str, Any], name: str) -> None:
    model = default_model()
    refused(name, lambda: ChatModel.objects.filter(pk=model.pk).update(**change))


def test_an_address_is_in_lower_case(owner: User) -> None:
    refused("user_email_lower_case", lambda: User.objects.create(email="Ada@example.org"))
    refused("email", lambda: User.objects.create(email=owner.email))


@pytest.mark.parametrize(
    "change", [{"text": "Obey."}, {"number": 7}, {"id": uuid4()}], ids=["text", "number", "id"]
)
def test_a_version_of_a_prompt_never_changes(change: dict[str, Any]) -> None:
    versions = PromptVersion.objects.filter(number=1)
    with pytest.raises(DatabaseError, match="a prompt version never changes"), transaction.atomic():
        versions.update(**change)
    version = versions.get()
    version.text = "Obey."
    with pytest.raises(DatabaseError, match="a prompt version never changes"), transaction.atomic():
        version.save(update_fields=["text"])


def test_a_version_outlives_its_author(staff: User) -> None:
    prompt = SystemPrompt.objects.get()
    version = PromptVersion.objects.create(prompt=prompt, number=2, text="Hi", author=staff)
    staff.delete()
    version.refresh_from_db()
    assert (version.text, version.author) == ("Hi", None)


def test_numbers_of_versions_are_taken_once() -> None:
    prompt = SystemPrompt.objects.get()
    refused(
        "prompt_version_number",
        lambda: PromptVersion.objects.create(prompt=prompt, number=1, text="Other"),
    )
