"""Model servers as rows: which one a model's answers come from, and who may use it."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from chat.errors import ChatError
from chat.events import Outcome, Usage
from chat.llm.endpoints import connection_endpoint, is_usable, unavailable_reason
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection, Conversation, Run
from chat.models.connection import EnvironmentServer
from chat.rendering.components.model_settings import options_context
from chat.selectors.models import list_allowed
from chat.selectors.run_config import load_run_config
from chat.services import catalogue, finish_run, preferences, turns
from chat.services.offered_models import (
    add_models,
    environment_connection,
    models_of,
    record_listing,
)
from chat.services.preferences import GenerationSettings
from chat.services.system_prompts import make_default_model
from chat.streaming.generate import prepare_request
from core.encryption import encrypt
from tests.support.chat import Counted
from tests.support.environment import forget_environment
from tests.support.factories import PROCESS, asked, default_model, end, run_of, said

pytestmark = pytest.mark.django_db

KEY = "sk-SECRET"


@pytest.fixture
def connection() -> Connection:
    return Connection.objects.create(
        name="Workshop", address="http://127.0.0.1:9/v1", encrypted_key=encrypt(KEY)
    )


@pytest.fixture
def model(connection: Connection) -> ChatModel:
    """The only model of a server, and the default."""
    (made,) = add_models(connection, [ListedModel("llama3.2:3b", 8192)])
    make_default_model(made)
    return ChatModel.objects.get(pk=made.pk)


def answering(owner: User, conversation: Conversation | None = None) -> ChatModel:
    """The model that answers next, by the statement and by the menu, which must agree."""
    conversation = conversation or Conversation(owner=owner)
    model = load_run_config(conversation).model
    assert catalogue.model_for(conversation, list_allowed(owner.pk)) == model
    return model


# Endpoints
def test_a_run_goes_to_the_server_of_its_model(owner: User, model: ChatModel) -> None:
    turn = asked(owner)
    run = run_of(turn)
    endpoint = prepare_request(run, turn.answer).endpoint
    assert (endpoint.kind, endpoint.base_url, endpoint.api_key) == (
        "openai",
        "http://127.0.0.1:9/v1",
        KEY,
    )
    assert KEY not in repr(endpoint)
    assert run.repo_id == "llama3.2:3b"


def test_a_turn_takes_no_further_statement(owner: User, model: ChatModel, queries: Counted) -> None:
    conversation = said(owner)
    with queries:
        turn = turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
    assert queries.count <= 5
    with queries:
        prepare_request(run_of(turn), turn.answer)
    assert queries.count == 1


def test_a_changed_address_counts_at_the_next_question(
    owner: User, model: ChatModel, connection: Connection
) -> None:
    conversation = said(owner)
    Connection.objects.filter(pk=connection.pk).update(address="http://127.0.0.1:8/v1")
    turn = turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
    assert prepare_request(run_of(turn), turn.answer).endpoint.base_url == "http://127.0.0.1:8/v1"


def test_hugging_face_has_a_token_and_a_provider() -> None:
    row = Connection(kind="hf", provider="together", encrypted_key=encrypt("hf_x"))
    endpoint = connection_endpoint(row)
    assert (endpoint.kind, endpoint.token, endpoint.provider) == ("hf", "hf_x", "together")
    assert endpoint.api_key == ""


def test_a_key_of_another_secret_key_is_an_error_of_the_answer(
    owner: User, model: ChatModel, settings: Any
) -> None:
    turn = asked(owner)
    settings.SECRET_KEY = "another-" * 10
    with pytest.raises(ChatError) as caught:
        prepare_request(run_of(turn), turn.answer)
    assert caught.value.code == "key_unreadable"
    assert options_context(None, owner.pk)["unavailable"].code == "key_unreadable"


def test_two_connections_may_offer_the_same_name(model: ChatModel) -> None:
    other = Connection.objects.create(name="Other", address="http://127.0.0.1:7/v1")
    assert len(add_models(other, [ListedModel("llama3.2:3b")])) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        ChatModel.objects.create(
            connection=other, repo_id="llama3.2:3b", label="x", context_window=9, max_output=1
        )


def test_a_name_is_unique_without_a_connection_too() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ChatModel.objects.create(
            repo_id=default_model().repo_id, label="x", context_window=9, max_output=1
        )


def test_the_row_of_the_environment_keeps_no_key() -> None:
    row = environment_connection(EnvironmentServer.HF_TOKEN)
    assert row == environment_connection(EnvironmentServer.HF_TOKEN)
    for values in ({"encrypted_key": "x"}, {"address": "http://x"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Connection.objects.filter(pk=row.pk).update(**values)


def test_models_without_connection_belong_to_the_environment(settings: Any) -> None:
    settings.HF_TOKEN = "hf_x"
    forget_environment()
    try:
        hub = environment_connection(EnvironmentServer.HF_TOKEN)
        assert default_model() in models_of(hub)
        assert default_model() not in models_of(environment_connection(EnvironmentServer.BASE_URL))
    finally:
        settings.HF_TOKEN = ""
        forget_environment()


# Deleting
def test_deleting_a_connection_leaves_its_answer_alone(
    owner: User, model: ChatModel, connection: Connection
) -> None:
    turn = asked(owner)
    prepared = prepare_request(run_of(turn), turn.answer)
    connection.delete()
    assert prepared.endpoint.api_key == KEY
    assert end(turn, "It goes on.").text == "It goes on."
    run = Run.objects.get(message=turn.answer)
    assert (run.model, run.repo_id, run.cost) == (None, "llama3.2:3b", None)
    assert answering(owner).repo_id == "mistralai/Mistral-7B-Instruct-v0.3"


# Choice
def test_a_model_whose_setting_is_gone_comes_last(owner: User, model: ChatModel) -> None:
    ChatModel.objects.filter(pk=model.pk).update(
        connection=environment_connection(EnvironmentServer.BASE_URL)
    )
    other = Connection.objects.create(name="Other", address="http://127.0.0.1:7/v1")
    (used,) = add_models(other, [ListedModel("b")])
    assert answering(owner) == used
    assert not is_usable(next(item for item in list_allowed(owner.pk) if item.pk == model.pk))


def test_an_own_server_answers_where_the_environment_names_none(
    owner: User, connection: Connection
) -> None:
    (added,) = add_models(connection, [ListedModel("a")])
    assert default_model().pk != added.pk
    assert answering(owner) == added


def test_a_model_of_a_group_is_for_its_people(
    owner: User, stranger: User, model: ChatModel
) -> None:
    group = Group.objects.create(name="Research")
    model.groups.add(group)
    owner.groups.add(group)
    assert answering(owner) == model
    assert answering(stranger) != model
    assert model not in list_allowed(stranger.pk)
    with pytest.raises(ChatError) as caught:
        preferences.validate_settings(stranger, GenerationSettings(model_id=model.pk))
    assert caught.value.code == "bad_form"
    preferences.validate_settings(owner, GenerationSettings(model_id=model.pk))


def test_who_leaves_a_group_loses_its_model(owner: User, model: ChatModel) -> None:
    group = Group.objects.create(name="Research")
    model.groups.add(group)
    owner.groups.add(group)
    conversation = said(owner)
    Conversation.objects.filter(pk=conversation.pk).update(model=model)
    conversation.refresh_from_db()
    assert answering(owner, conversation) == model
    owner.groups.clear()
    assert answering(owner, conversation) != model


# Models that vanish
def test_a_model_that_its_server_lists_no_more_is_marked(
    owner: User, model: ChatModel, connection: Connection
) -> None:
    record_listing(connection, [ListedModel("llama3.2:3b"), ListedModel("b")])
    (other,) = add_models(connection, [ListedModel("b")])
    conversation = said(owner)
    Conversation.objects.filter(pk=conversation.pk).update(model=model)
    conversation.refresh_from_db()
    assert record_listing(connection, [ListedModel("b")]) == 1
    assert record_listing(connection, [ListedModel("b")]) == 0
    conversation.refresh_from_db()
    assert answering(owner, conversation) == model
    options = options_context(conversation, owner.pk)
    assert options["unavailable"].code == "model_gone"
    assert {item.label: item.selected for item in options["models"]} == {
        "llama3.2:3b": True,
        "b": False,
    }
    runs = Run.objects.count()
    with pytest.raises(ChatError) as refused:
        turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
    assert (refused.value.code, refused.value.status) == ("model_gone", 409)
    assert Run.objects.count() == runs
    Conversation.objects.filter(pk=conversation.pk).update(model=other)
    turn = turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
    assert run_of(turn).model == other
    end(turn)
    Conversation.objects.filter(pk=conversation.pk).update(model=model)
    conversation.refresh_from_db()
    record_listing(connection, [ListedModel("llama3.2:3b"), ListedModel("b")])
    assert answering(owner, conversation) == model


def test_a_model_that_was_never_listed_is_not_marked(
    model: ChatModel, connection: Connection
) -> None:
    assert record_listing(connection, [ListedModel("other")]) == 0
    assert ChatModel.objects.get(pk=model.pk).missing_since is None


def test_an_empty_list_says_nothing(model: ChatModel, connection: Connection) -> None:
    record_listing(connection, [ListedModel("llama3.2:3b")])
    before = Connection.objects.values().get(pk=connection.pk)
    assert record_listing(connection, []) == 0
    assert ChatModel.objects.get(pk=model.pk).missing_since is None
    assert Connection.objects.values().get(pk=connection.pk) == before


def test_a_vanished_model_without_another_is_still_asked(owner: User, model: ChatModel) -> None:
    ChatModel.objects.exclude(pk=model.pk).delete()
    ChatModel.objects.filter(pk=model.pk).update(missing_since=Now())
    assert answering(owner) == model
    assert unavailable_reason(ChatModel.objects.get(pk=model.pk)) is None


# Ranges and prices
def test_values_are_kept_within_the_models_ranges(owner: User, model: ChatModel) -> None:
    ChatModel.objects.filter(pk=model.pk).update(
        temperature_min=0.2, temperature_max=0.5, top_p_max=0.9
    )
    values = preferences.validate_settings(
        owner, GenerationSettings(model_id=model.pk, temperature=2.0, top_p=1.0)
    )
    assert (values["temperature"], values["top_p"]) == (0.5, 0.9)
    conversation = Conversation(owner=owner, temperature=0.0)
    turn = turns.start_conversation(
        owner, uuid4(), "Hi", PROCESS, GenerationSettings(temperature=0.0)
    )
    assert run_of(turn).temperature == 0.2
    assert options_context(conversation, owner.pk)["temperature"] == (0.2, 0.5)


def finished(owner: User, prompt: int | None, answer: int | None, first_ms: int | None = 1) -> Run:
    turn = asked(owner)
    usage = Usage(prompt_tokens=prompt, answer_tokens=answer, exact=True, first_token_ms=first_ms)
    finish_run.finish(
        run_of(turn), Outcome(status="complete", usage=usage), finish_run.FinalText("Yes.")
    )
    return Run.objects.get(message=turn.answer)


@pytest.mark.parametrize(
    ("price_in", "price_out", "counts", "cost"),
    [
        ("0.5", "1.5", (1_000_000, 2_000_000), "3.5"),
        ("0.075", None, (12, 34), "0.0000009"),
        (None, "2", (12, 34), "0.000068"),
        (None, None, (12, 34), None),
        ("1", "1", (None, None), None),
        ("0", "0", (12, 34), "0"),
        ("99999999", "99999999", (2**31 - 1, 2**31 - 1), "429496725105.032706"),
    ],
)
def test_a_run_keeps_its_cost(
    owner: User,
    model: ChatModel,
    price_in: str | None,
    price_out: str | None,
    counts: tuple[int | None, int | None],
    cost: str | None,
) -> None:
    ChatModel.objects.filter(pk=model.pk).update(price_in=price_in, price_out=price_out)
    run = finished(owner, *counts)
    assert run.cost is None if cost is None else run.cost == Decimal(cost).quantize(Decimal("1e-8"))


@pytest.mark.parametrize(
    ("cost", "currency", "shown"),
    [
        ("0.0000009", "USD", "0.00000090 USD"),
        ("12.345", "EUR", "12.34 EUR"),
        ("0", "€", "0.00 €"),
        ("1234.5", "a<b", "1,234.50 a&lt;b"),
    ],
)
def test_a_cost_is_shown_with_its_currency(
    owner: User,
    owner_client: Client,
    model: ChatModel,
    settings: Settings,
    cost: str,
    currency: str,
    shown: str,
) -> None:
    settings.CURRENCY = currency
    run = finished(owner, 1, 1)
    Run.objects.filter(pk=run.pk).update(cost=cost)
    page = owner_client.get(f"/m/{run.message_id}/about/").content.decode()
    assert shown in page.replace("\N{NO-BREAK SPACE}", " ")


def test_prices_are_entered_in_a_currency(staff_client: Client, model: ChatModel) -> None:
    User.objects.filter(is_staff=True).update(is_superuser=True)
    page = staff_client.get(f"/admin/chat/chatmodel/{model.pk}/change/").content.decode()
    assert "In USD, which the setting CURRENCY names." in page


def test_a_request_that_never_ran_costs_nothing(owner: User, model: ChatModel) -> None:
    """Its counts are estimates of what would have been sent."""
    ChatModel.objects.filter(pk=model.pk).update(price_in=10, price_out=10)
    assert finished(owner, 1_000, 0, first_ms=None).cost is None


def test_a_later_price_changes_no_earlier_cost(owner: User, model: ChatModel) -> None:
    ChatModel.objects.filter(pk=model.pk).update(price_in=1, price_out=1)
    run = finished(owner, 1_000_000, 0)
    ChatModel.objects.filter(pk=model.pk).update(price_in=9)
    assert Run.objects.get(pk=run.pk).cost == 1
