"""Exact counts, held against mistral-common, which made the tokenizer."""

from __future__ import annotations

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from mistral_common.protocol.instruct.messages import (
    AssistantMessage,
    SystemMessage,
    UserMessage,
)
from mistral_common.protocol.instruct.request import ChatCompletionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

import chat.llm.tokens
from chat.llm.tokens import counter

MODEL_SHA256 = "9addc8bdce5988448ae81b729336f43a81262160ae8da760674badab9d4c7d33"
SNIPPETS = [
    "Hello, world!",
    "What is the capital of France?",
    " leading and trailing ",
    "\n\n  indented\n\ttabbed\n",
    "[INST] not a marker [/INST] </s> <s>",
    "def f(x):\n    return x ** 2  # 1234567890",
    "Grüße aus München, côté cœur",
    "東京都は日本の首都です。",
    "مرحبا بالعالم",
    "🙂👩‍👩‍👧‍👦🇩🇪",
    "a" * 300,
    "\u2028\u200b\u00a0",
    "$x^2 + y^2 = z^2$ | a | b |",
]


@pytest.fixture(scope="module")
def oracle() -> Any:
    return MistralTokenizer.v3()


def oracle_count(oracle: Any, system: str, turns: list[tuple[str, str]]) -> int:
    messages: list[Any] = [SystemMessage(content=system)] if system else []
    for role, text in turns:
        kind = UserMessage if role == "user" else AssistantMessage
        messages.append(kind(content=text))
    encoded = oracle.encode_chat_completion(ChatCompletionRequest(messages=messages))
    return len(encoded.tokens)


def random_chat(rng: random.Random) -> tuple[str, list[tuple[str, str]]]:
    def text() -> str:
        return "".join(rng.choices(SNIPPETS, k=rng.randint(1, 6)))

    system = text() if rng.random() < 0.7 else ""
    count = rng.randrange(1, 12, 2)
    return system, [("user" if at % 2 == 0 else "assistant", text()) for at in range(count)]


def test_model_file_is_the_published_one() -> None:
    model = Path(chat.llm.tokens.__file__).with_name("mistral-v3.model")
    assert hashlib.sha256(model.read_bytes()).hexdigest() == MODEL_SHA256


def test_300_random_chats_count_as_mistral_common_counts(oracle: Any) -> None:
    rng = random.Random(20261122)
    mistral = counter("mistral-v3")
    for _ in range(300):
        system, turns = random_chat(rng)
        assert mistral.chat(system, turns) == oracle_count(oracle, system, turns), (system, turns)


def test_a_budget_adds_up() -> None:
    mistral = counter("mistral-v3")
    turns = [("user", "one"), ("assistant", "two "), ("user", "three")]
    added = (
        mistral.start
        + mistral.turn(*turns[0])
        + mistral.turn(*turns[1])
        + mistral.question("Be brief.", "three")
    )
    assert mistral.chat("Be brief.", turns) == added


def test_mistral_is_exact_and_its_markers_are_one_token() -> None:
    mistral = counter("mistral-v3")
    assert mistral.exact
    assert mistral.turn("user", "x") == mistral.text("x") + 2
    assert mistral.turn("assistant", "x") == mistral.text("x") + 1


def test_many_threads_get_the_same_count() -> None:
    text = "".join(SNIPPETS) * 20
    with ThreadPoolExecutor(8) as pool:
        counts = set(pool.map(counter("mistral-v3").text, [text] * 64))
    assert len(counts) == 1


@pytest.mark.parametrize("name", ["mistral-v3", "estimate"])
def test_a_lone_surrogate_is_refused_plainly(name: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        counter(name).text("\ud800")
