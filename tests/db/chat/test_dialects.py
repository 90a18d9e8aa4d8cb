"""What servers teach about their models: kept by row and address, shown to staff, forgotten."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import User
from chat.llm.endpoints import endpoint
from chat.llm.providers import PLAIN, Dialect, Endpoint
from chat.models import ChatModel, ModelDialect
from chat.selectors.dialects import dialect_of
from chat.selectors.run_config import load_run_config
from chat.services import turns
from chat.services.dialects import (
    adopt_window,
    forget_dialects,
    remember_dialect,
    remember_window,
)
from chat.streaming.generate import prepare_request
from chat.streaming.shorten import assemble_shorter
from tests.support.chat import Counted
from tests.support.environment import forget_environment
from tests.support.factories import PROCESS, asked, default_model, run_of, said

pytestmark = pytest.mark.django_db
MODELS = "/admin/chat/chatmodel/"
HERE, THERE = "a" * 32, "b" * 32
LEARNED = Dialect(frozenset({"top_p", "seed"}), "max_completion_tokens", merges_system=True)


@pytest.fixture
def own_server(settings: Any) -> Iterator[None]:
    """An address is configured; nothing is sent there."""
    settings.INFERENCE_BASE_URL = "http://127.0.0.1:9/v1"
    forget_environment()
    yield
    forget_environment()


def known(model: ChatModel, server: str = HERE) -> Dialect:
    return dialect_of(ChatModel.objects.get(pk=model.pk), server)


# Keeping
def test_what_was_learnt_is_known_for_this_model_and_server_only() -> None:
    model = default_model()
    other = ChatModel.objects.exclude(pk=model.pk)[0]
    remember_dialect(model.pk, HERE, LEARNED)
    assert known(model) == LEARNED
    assert known(model, THERE) == known(other) == PLAIN


def test_what_two_processes_learn_adds_up() -> None:
    model = default_model()
    remember_dialect(model.pk, HERE, Dialect(frozenset({"top_p"})))
    remember_dialect(model.pk, HERE, Dialect(frozenset({"seed", "top_p"}), merges_system=True))
    remember_dialect(model.pk, HERE, Dialect(token_parameter="max_completion_tokens"))
    assert known(model) == LEARNED
    assert ModelDialect.objects.count() == 1


def test_a_window_changes_nothing_else() -> None:
    model = default_model()
    remember_window(model.pk, HERE, 4096)
    assert known(model) == PLAIN
    remember_dialect(model.pk, HERE, LEARNED)
    remember_window(model.pk, HERE, 2048)
    assert known(model) == LEARNED
    assert ModelDialect.objects.get().context_window == 2048
    remember_dialect(model.pk, HERE, LEARNED)
    assert ModelDialect.objects.get().context_window == 2048


def test_a_model_that_is_gone_is_not_remembered() -> None:
    remember_dialect(uuid4(), HERE, LEARNED)
    assert not ModelDialect.objects.exists()


def test_deleting_a_model_forgets() -> None:
    model = ChatModel.objects.filter(is_default=False)[0]
    remember_dialect(model.pk, HERE, LEARNED)
    model.delete()
    assert not ModelDialect.objects.exists()


def test_there_is_one_row_for_a_model_and_a_server() -> None:
    model = default_model()
    ModelDialect.objects.create(model=model, server=HERE)
    with pytest.raises(IntegrityError), transaction.atomic():
        ModelDialect.objects.create(model=model, server=HERE)


def test_a_turn_reads_it_with_its_model(owner: User, queries: Counted) -> None:
    conversation = said(owner)
    remember_dialect(default_model().pk, HERE, LEARNED)
    remember_dialect(default_model().pk, THERE, Dialect(merges_system=True))
    with queries:
        model = load_run_config(conversation).model
        assert dialect_of(model, HERE) == LEARNED
        assert dialect_of(model, THERE) == Dialect(merges_system=True)
        assert dialect_of(model, "c" * 32) == PLAIN
    assert queries.count == 1


@pytest.mark.usefixtures("own_server")
def test_the_next_request_is_prepared_in_it(owner: User) -> None:
    remember_dialect(default_model().pk, endpoint().fingerprint, LEARNED)
    turn = asked(owner)
    prepared = prepare_request(run_of(turn), turn.answer)
    assert prepared.dialect == LEARNED


def test_a_run_records_what_was_not_sent_as_null(owner: User) -> None:
    first = run_of(asked(owner))
    here = endpoint().fingerprint
    remember_dialect(default_model().pk, here, LEARNED, first.pk)
    second = run_of(asked(owner))
    for run in (first, second):
        run.refresh_from_db()
        assert (run.temperature, run.top_p) == (0.7, None)
    ModelDialect.objects.update(server=THERE)
    assert run_of(asked(owner)).top_p == 0.95


def test_another_address_is_another_server() -> None:
    servers = [
        Endpoint(kind="openai", base_url="http://a/v1"),
        Endpoint(kind="openai", base_url="http://b/v1"),
        Endpoint(kind="openai", base_url="http://a/v1?key=1"),
        Endpoint(kind="hf", token="x"),
        Endpoint(kind="hf", token="x", provider="together"),
    ]
    assert len({server.fingerprint for server in servers}) == len(servers)
    same = [Endpoint(kind="openai", base_url="http://a/v1/", api_key="k", keep_alive=True)]
    assert same[0].fingerprint == servers[0].fingerprint
    assert Endpoint(kind="hf", token="y").fingerprint == servers[3].fingerprint


# Shorter requests
@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("named", [None, 300, 100_000])
def test_a_shorter_request_drops_the_oldest_turns(owner: User, named: int | None) -> None:
    conversation = said(owner, *[f"{number} {'word ' * 30}" for number in range(6)])
    turn = turns.send(owner, conversation.pk, uuid4(), "And now?", PROCESS)
    run = run_of(turn)
    prepared = prepare_request(run, turn.answer)
    shorter = assemble_shorter(run, turn.answer, prepared, named)
    assert shorter is not None
    before, after = prepared.request.messages, shorter.request.messages
    assert after[0] == before[0]
    assert after[-1].content == "And now?"
    assert 2 <= len(after) < len(before)
    assert after[1:] == before[-len(after) + 1 :]
    if named == 300:
        assert shorter.prompt_tokens + shorter.request.sampling.max_tokens <= 300


@pytest.mark.usefixtures("own_server")
def test_a_long_question_is_asked_for_a_shorter_answer(owner: User) -> None:
    turn = asked(owner, "word " * 400)
    prepared = prepare_request(run_of(turn), turn.answer)
    window = prepared.prompt_tokens + 300
    shorter = assemble_shorter(run_of(turn), turn.answer, prepared, window)
    assert shorter is not None
    assert shorter.request.messages == prepared.request.messages
    assert shorter.request.sampling.max_tokens == window // 8 <= 300


@pytest.mark.usefixtures("own_server")
def test_a_single_question_cannot_be_shortened(owner: User) -> None:
    turn = asked(owner, "word " * 50)
    prepared = prepare_request(run_of(turn), turn.answer)
    assert assemble_shorter(run_of(turn), turn.answer, prepared, 20) is None


# Staff
def post(client: Client, action: str, *models: ChatModel) -> str:
    data = {"action": action, "_selected_action": [str(model.pk) for model in models]}
    return client.post(MODELS, data, follow=True).content.decode()


def test_staff_see_what_was_learnt(staff_client: Client) -> None:
    model = default_model()
    url = f"{MODELS}{model.pk}/change/"
    assert "accepts requests as they are" in staff_client.get(url).content.decode()
    remember_dialect(model.pk, endpoint().fingerprint, LEARNED)
    remember_window(model.pk, endpoint().fingerprint, 4096)
    remember_dialect(model.pk, THERE, Dialect(frozenset({"<b>"}), token_parameter=""))
    page = staff_client.get(url).content.decode()
    for sentence in (
        "It refuses seed, top_p.",
        "sent as max_completion_tokens.",
        "the prompt stands in front of the first question",
        "its context window is 4,096 tokens",
        "At another address: It refuses &lt;b&gt;.",
    ):
        assert sentence in page


def test_staff_can_forget_it(staff_client: Client) -> None:
    model = default_model()
    remember_dialect(model.pk, HERE, LEARNED)
    remember_dialect(model.pk, THERE, LEARNED)
    assert "1 model is asked in the usual form again" in post(
        staff_client, "forget_dialects", model
    )
    assert known(model) == PLAIN
    assert forget_dialects([model]) == 0


def test_staff_can_use_the_window_that_the_server_named(staff_client: Client) -> None:
    model = default_model()
    assert "named no other window" in post(staff_client, "adopt_window", model)
    remember_window(model.pk, HERE, 3000)
    assert "is now 3,000 tokens" in post(staff_client, "adopt_window", model)
    model.refresh_from_db()
    assert (model.context_window, model.max_output) == (3000, 1500)
    assert "named no other window" in post(staff_client, "adopt_window", model)


def test_a_larger_window_keeps_the_longest_answer() -> None:
    model = default_model()
    remember_window(model.pk, HERE, 131_072)
    assert adopt_window(model) == 131_072
    longest = model.max_output
    model.refresh_from_db()
    assert (model.context_window, model.max_output) == (131_072, longest)


def test_a_window_that_is_none_is_not_used() -> None:
    remember_window(default_model().pk, HERE, 9)
    assert adopt_window(default_model()) is None


@pytest.mark.parametrize("action", ["forget_dialects", "adopt_window"])
def test_nobody_else_may(client: Client, owner_client: Client, action: str) -> None:
    model = default_model()
    remember_dialect(model.pk, HERE, LEARNED)
    for visitor in (client, owner_client):
        post(visitor, action, model)
    assert known(model) == LEARNED


def test_a_model_without_system_role_is_not_asked_with_one(owner: User) -> None:
    """As an administrator has said, before any server refuses it."""
    ChatModel.objects.filter(pk=default_model().pk).update(has_system_role=False)
    assert dialect_of(load_run_config(said(owner)).model, HERE).merges_system
