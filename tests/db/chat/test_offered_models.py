"""What a first start offers of the models that a server lists."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import User
from chat.events import Outcome, Usage
from chat.llm.providers import ListedModel
from chat.models import ChatModel, Run
from chat.models.connection import EnvironmentServer
from chat.services import finish_run
from chat.services.model_lists import apply_first_list
from chat.services.offered_models import (
    DEFAULT_WINDOW,
    MAX_AUTOMATIC,
    Offer,
    environment_connection,
    is_chat_model,
    label_of,
    offer_first_models,
)
from chat.services.system_prompts import make_default_model
from tests.support.environment import forget_environment
from tests.support.factories import asked, default_model, run_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def base_url(settings: Any) -> Iterator[None]:
    """The environment names a server."""
    settings.INFERENCE_BASE_URL = "http://127.0.0.1:1/v1"
    forget_environment()
    yield
    settings.INFERENCE_BASE_URL = ""
    forget_environment()


MISTRAL = "mistralai/Mistral-7B-Instruct-v0.3"
MIXTRAL = "mistralai/Mixtral-8x7B-Instruct-v0.1"


def offer(models: list[ListedModel], named: str = "") -> Offer:
    return offer_first_models(environment_connection(EnvironmentServer.BASE_URL), models, named)


def listed(*names: str) -> list[ListedModel]:
    return [ListedModel(name) for name in names]


def test_a_single_model_becomes_the_default() -> None:
    made = offer([ListedModel("llama3.2:3b", 131_072)])
    assert (made.added, made.default) == (("llama3.2:3b",), "llama3.2:3b")
    model = default_model()
    assert (model.repo_id, model.label, model.context_window) == (
        "llama3.2:3b",
        "llama3.2:3b",
        131_072,
    )
    assert model.enabled
    assert 0 < model.max_output < model.context_window


def test_of_several_the_first_that_chats_is_the_default() -> None:
    made = offer(listed("nomic-embed-text:latest", "qwen3:8b", "llama3.2:3b"))
    assert made.added == ("qwen3:8b", "llama3.2:3b")
    assert default_model().repo_id == "qwen3:8b"


def test_a_gateway_offers_a_sensible_number() -> None:
    made = offer(listed(*(f"model-{number}" for number in range(500))))
    assert len(made.added) == MAX_AUTOMATIC


def test_a_second_start_changes_nothing() -> None:
    offer(listed("a", "b"))
    before = list(ChatModel.objects.values())
    made = offer(listed("a", "b", "c"))
    assert (made.added, made.default) == ((), "")
    assert list(ChatModel.objects.values()) == before


def test_a_server_of_the_default_model_changes_nothing() -> None:
    assert offer(listed(MISTRAL, "other")) == offer([])
    assert default_model().repo_id == MISTRAL


def test_a_server_of_another_first_model_makes_it_the_default() -> None:
    made = offer(listed("other", MIXTRAL))
    assert (made.added, made.default) == ((), MIXTRAL)


def test_an_administrators_default_stays() -> None:
    ChatModel.objects.filter(is_default=True).update(repo_id="an-alias")
    made = offer(listed("model.gguf"))
    assert (made.added, made.default) == (("model.gguf",), "")
    assert default_model().repo_id == "an-alias"


def answer_with(user: User, model: ChatModel, provider: str = "openai", code: str = "") -> None:
    """As if the model had answered on a server of this kind."""
    run = run_of(asked(user))
    Run.objects.filter(pk=run.pk).update(model=model)
    run.provider = provider
    usage = Usage(prompt_tokens=1, answer_tokens=1, first_token_ms=5)
    outcome = Outcome(status="failed" if code else "complete", usage=usage, error_code=code)
    assert finish_run.finish(run, outcome, finish_run.FinalText("Yes."))


def first_list(*names: str) -> Offer:
    """What a start writes of a list."""
    return apply_first_list(listed(*names))


def test_an_older_installation_keeps_the_model_that_answers(owner: User) -> None:
    """The server of llama.cpp answers to every name, and lists its file only."""
    answer_with(owner, default_model())
    assert first_list("model.gguf") == Offer()
    assert default_model().repo_id == MISTRAL
    assert default_model().missing_since is None
    assert first_list("model.gguf") == Offer()
    assert default_model().missing_since is None
    assert ChatModel.objects.filter(missing_since__isnull=False).count() == 4


@pytest.mark.parametrize(("provider", "code"), [("huggingface/auto", ""), ("openai", "cut")])
def test_answers_of_another_server_and_failed_ones_do_not_count(
    owner: User, provider: str, code: str
) -> None:
    answer_with(owner, default_model(), provider, code)
    assert first_list("llama3.2:3b").default == "llama3.2:3b"
    assert ChatModel.objects.get(repo_id=MISTRAL).missing_since is not None


def test_deleted_models_do_not_come_back() -> None:
    assert first_list("a", "b").added == ("a", "b")
    make_default_model(ChatModel.objects.get(repo_id=MISTRAL))
    ChatModel.objects.filter(repo_id__in=("a", "b")).delete()
    assert first_list("a", "b") == Offer()
    assert not ChatModel.objects.filter(repo_id__in=("a", "b")).exists()
    assert default_model().repo_id == MISTRAL


def test_one_deleted_model_does_not_come_back_and_disabled_ones_bring_nothing() -> None:
    first_list("a", "b")
    ChatModel.objects.filter(repo_id="b").delete()
    assert first_list("a", "b", "c") == Offer()
    ChatModel.objects.filter(repo_id="a").update(enabled=False)
    assert first_list("a", "b", "c") == Offer()


def test_another_address_is_offered_and_the_same_again_is_not(settings: Any) -> None:
    first_list("a")
    ChatModel.objects.filter(repo_id="a").delete()
    settings.INFERENCE_BASE_URL = "http://127.0.0.1:2/v1"
    forget_environment()
    assert first_list("b").added == ("b",)


def test_a_server_with_other_models_than_before_is_offered_again() -> None:
    first_list("a")
    assert first_list("b").added == ("b",)


def test_a_start_without_a_list_is_not_the_first_offer() -> None:
    assert first_list() == Offer()
    assert first_list("a").added == ("a",)


def test_a_named_model_is_the_only_one_and_the_default() -> None:
    made = offer([ListedModel("a"), ListedModel("b", 4096)], "b")
    assert (made.added, made.default) == (("b",), "b")
    assert default_model().context_window == 4096


def test_a_named_model_needs_no_list() -> None:
    assert offer([], "b").default == "b"
    assert default_model().context_window == DEFAULT_WINDOW


def test_a_named_model_wins_at_every_start() -> None:
    offer([], "b")
    ChatModel.objects.filter(repo_id="b").update(enabled=False, is_default=False)
    assert offer([], "b").default == "b"
    assert default_model().enabled


def test_a_disabled_row_is_not_switched_on() -> None:
    ChatModel.objects.create(
        repo_id="a", label="A", context_window=4096, max_output=512, enabled=False
    )
    made = offer(listed("a"))
    assert (made.added, made.default) == ((), "")
    assert not ChatModel.objects.get(repo_id="a").enabled


@pytest.mark.parametrize("window", [0, 1, 63, None])
def test_an_impossible_window_is_ignored(window: int | None) -> None:
    offer([ListedModel("a", window)])
    assert default_model().context_window == DEFAULT_WINDOW


@pytest.mark.parametrize(
    "name",
    [
        "nomic-embed-text",
        "text-embedding-3-small",
        "BAAI/bge-m3",
        "intfloat/e5-large",
        "jina-reranker",
        "whisper-1",
        "gpt-4o-transcribe",
        "tts-1",
        "dall-e-3",
        "omni-moderation-latest",
        "sentence-transformers/all-MiniLM-L6-v2",
    ],
)
def test_models_that_cannot_chat_are_left_out(name: str) -> None:
    assert not is_chat_model(name)


@pytest.mark.parametrize("name", ["llama3.2:3b", "gemma-3-27b-it", "Qwen/Qwen3-8B", "o3-mini"])
def test_models_that_chat_are_not(name: str) -> None:
    assert is_chat_model(name)


def test_a_label_is_short() -> None:
    assert label_of("/models/SmolLM2-135M.gguf") == "SmolLM2-135M"
    assert label_of("owner/name") == "name"
    assert label_of("llama3.2:3b") == "llama3.2:3b"
    assert len(label_of("x" * 200)) == 100
