"""What a new installation finds after its first migration."""

import pytest

from chat.models import ChatModel, SystemPrompt

pytestmark = pytest.mark.django_db

CATALOGUE = [
    ("mistralai/Mistral-7B-Instruct-v0.3", "chat", 32768),
    ("meta-llama/Meta-Llama-3-70B-Instruct", "chat", 8192),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1", "chat", 32768),
    ("bigscience/bloom", "completion", 2048),
    ("openai-community/gpt2", "completion", 1024),
]


def test_five_models_of_which_mistral_is_the_default() -> None:
    rows = ChatModel.objects.filter(enabled=True)
    assert list(rows.values_list("repo_id", "kind", "context_window")) == CATALOGUE
    assert [model.repo_id for model in rows if model.is_default] == [CATALOGUE[0][0]]
    assert not rows.filter(is_local=True).exists()


def test_mistral_is_counted_exactly() -> None:
    assert ChatModel.objects.get(is_default=True).tokenizer == "mistral-v3"


def test_version_one_of_the_default_prompt_is_published() -> None:
    prompt = SystemPrompt.objects.get()
    assert prompt.is_default
    assert prompt.enabled
    version = prompt.published
    assert version is not None
    assert (version.prompt, version.number) == (prompt, 1)
    for word in ("friendly", "concise", "accurate"):
        assert word in version.text
