"""Old lists are asked for by one process, and a model that has answered is known."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from accounts.models import User
from chat.events import Outcome, Usage
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Connection
from chat.services import finish_run
from chat.services.model_lists import (
    apply_first_list,
    claim_old_lists,
    discovery,
    problem_with,
)
from chat.services.offered_models import add_models, offer_again, record_listing
from tests.support.environment import forget_environment
from tests.support.factories import asked, default_model, run_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection() -> Connection:
    row = Connection.objects.create(name="Workshop", address="http://127.0.0.1:9/v1")
    add_models(row, [ListedModel("a")])
    return row


@pytest.fixture
def problem() -> Iterator[None]:
    """The environment's server has listed nothing."""
    discovery.problem = "no_model_list"
    yield
    discovery.problem = ""
    discovery.answered.clear()


def age(connection: Connection, **ago: int) -> None:
    Connection.objects.filter(pk=connection.pk).update(checked_at=Now() - timedelta(**ago))


def test_a_list_is_old_after_an_hour(connection: Connection) -> None:
    record_listing(connection, [ListedModel("a")])
    assert claim_old_lists() == []
    age(connection, minutes=59)
    assert claim_old_lists() == []
    age(connection, minutes=61)
    assert claim_old_lists() == [connection]


def test_one_process_asks(connection: Connection) -> None:
    record_listing(connection, [ListedModel("a")])
    age(connection, hours=2)
    assert (claim_old_lists(), claim_old_lists()) == ([connection], [])


def test_a_server_that_never_listed_its_models_is_left_alone(connection: Connection) -> None:
    assert claim_old_lists() == []


def test_a_model_of_a_new_site_may_be_unknown(problem: None) -> None:
    reason = problem_with(default_model())
    assert reason is not None
    assert reason.code == "no_model_list"
    assert problem_with(None) is None


def test_a_model_that_has_answered_is_known(problem: None, owner: User) -> None:
    turn = asked(owner)
    usage = Usage(prompt_tokens=1, answer_tokens=1, first_token_ms=5)
    finish_run.finish(
        run_of(turn), Outcome(status="complete", usage=usage), finish_run.FinalText("Yes.")
    )
    assert problem_with(default_model()) is None
    assert discovery.answered == {default_model().pk}


def test_a_failed_answer_is_none(problem: None, owner: User) -> None:
    outcome = Outcome(status="failed", error_code="model_not_found")
    finish_run.finish(run_of(asked(owner)), outcome, finish_run.FinalText(""))
    assert problem_with(default_model()) is not None


def test_without_a_problem_nothing_is_read() -> None:
    assert problem_with(default_model()) is None


# What the start writes
@pytest.fixture
def environment(settings: Any) -> Iterator[Any]:
    """The settings, which may be changed before they are first read."""
    forget_environment()
    yield settings
    for name in ("HF_TOKEN", "INFERENCE_BASE_URL", "INFERENCE_MODEL", "LOCAL_MODEL"):
        setattr(settings, name, "")
    forget_environment()


def missing() -> set[str]:
    gone = ChatModel.objects.filter(missing_since__isnull=False)
    return set(gone.values_list("repo_id", flat=True))


def test_the_first_models_are_marked_and_come_back_with_hugging_face(environment: Any) -> None:
    environment.INFERENCE_BASE_URL = "http://127.0.0.1:9/v1"
    assert apply_first_list([ListedModel("llama3.2:3b")]).default == "llama3.2:3b"
    assert "mistralai/Mistral-7B-Instruct-v0.3" in missing()
    assert len(missing()) == 5
    environment.INFERENCE_BASE_URL, environment.HF_TOKEN = "", "hf_x"
    forget_environment()
    assert apply_first_list([]).added == ()
    assert missing() == set()


def test_a_first_model_that_is_offered_again_is_not_marked_by_the_next_list(
    environment: Any,
) -> None:
    environment.INFERENCE_BASE_URL = "http://127.0.0.1:9/v1"
    apply_first_list([ListedModel("llama3.2:3b")])
    offer_again(ChatModel.objects.filter(repo_id="bigscience/bloom"))
    apply_first_list([ListedModel("llama3.2:3b")])
    assert len(missing()) == 4
    assert "bigscience/bloom" not in missing()


def environment_row() -> Connection:
    return Connection.objects.get(environment="INFERENCE_BASE_URL")


def test_models_without_a_connection_are_looked_at_again(environment: Any) -> None:
    """They belong to the server of the environment, also those that it no longer lists."""
    environment.INFERENCE_BASE_URL = "http://127.0.0.1:9/v1"
    environment.INFERENCE_MODEL = "bigscience/bloom"
    apply_first_list([ListedModel("bigscience/bloom")])
    assert not ChatModel.objects.filter(connection__isnull=False).exists()
    assert claim_old_lists() == []
    age(environment_row(), hours=2)
    assert claim_old_lists() == [environment_row()]
    record_listing(environment_row(), [ListedModel("another")])
    assert "bigscience/bloom" in missing()
    age(environment_row(), hours=2)
    assert claim_old_lists() == [environment_row()]
    record_listing(environment_row(), [ListedModel("bigscience/bloom")])
    assert "bigscience/bloom" not in missing()


def test_the_models_of_hugging_face_are_not_looked_at(environment: Any) -> None:
    """Nothing has listed those of a new installation."""
    environment.HF_TOKEN = "hf_x"
    apply_first_list([])
    age(Connection.objects.get(environment="HF_TOKEN"), hours=2)
    assert claim_old_lists() == []


def test_a_server_that_does_not_answer_marks_nothing(environment: Any) -> None:
    environment.INFERENCE_BASE_URL = "http://127.0.0.1:9/v1"
    apply_first_list([])
    assert missing() == set()


def test_hugging_face_offers_a_named_model(environment: Any) -> None:
    environment.HF_TOKEN, environment.INFERENCE_MODEL = "hf_x", "Qwen/Qwen3-8B"
    assert apply_first_list([]).default == "Qwen/Qwen3-8B"
    model = default_model()
    assert model.connection is not None
    assert (model.connection.environment, model.connection.kind) == ("HF_TOKEN", "hf")


def test_a_start_makes_rows_for_the_servers_of_the_environment(environment: Any) -> None:
    environment.HF_TOKEN, environment.INFERENCE_BASE_URL = "hf_x", "http://127.0.0.1:9/v1"
    apply_first_list([])
    rows = Connection.objects.values_list("environment", "kind")
    assert set(rows) == {("HF_TOKEN", "hf"), ("INFERENCE_BASE_URL", "openai")}


def test_the_demonstration_model_is_not_offered_again(environment: Any) -> None:
    environment.INFERENCE_BASE_URL, environment.LOCAL_MODEL = "http://127.0.0.1:9/v1", "demo"
    assert apply_first_list([ListedModel("demo")]).added == ()


def test_without_a_server_nothing_is_offered(environment: Any) -> None:
    assert apply_first_list([]).added == ()
    assert not Connection.objects.exists()
