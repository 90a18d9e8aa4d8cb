"""The estimate: never below what real tokenizers count on ordinary text."""

from __future__ import annotations

import pytest

from chat.llm.tokens import counter

TEXTS = {
    "english": "The quick brown fox jumps over the lazy dog, and then it rests for a while. " * 9,
    "german": "Die Donaudampfschifffahrtsgesellschaft fährt auch über das Wochenende. " * 9,
    "french": "L'été dernier, nous avons visité la côte près de l'île où tu es né. " * 9,
    "russian": "Съешь же ещё этих мягких французских булок да выпей чаю. " * 9,
    "japanese": "東京都は日本の首都であり、世界で最も人口の多い都市圏の一つです。" * 9,
    "chinese": "北京是中华人民共和国的首都,也是全国的政治和文化中心。" * 9,
    "arabic": "القاهرة هي عاصمة جمهورية مصر العربية وأكبر مدنها. " * 9,
    "emoji": "🙂👍🎉🚀🔥 " * 20,
    "numbers": "1234567890 3.14159 2026-11-22 " * 20,
    "python": "def f(x):\n    if x[0] != {}:\n        return [i ** 2 for i in x]\n" * 9,
    "json": '{"id": 17, "tags": ["a", "b"], "ok": true, "value": null}\n' * 9,
}


@pytest.mark.parametrize("name", TEXTS)
def test_never_below_a_real_tokenizer(name: str) -> None:
    text = TEXTS[name]
    assert counter("estimate").text(text) >= counter("mistral-v3").text(text)


def test_prose_is_not_estimated_at_more_than_twice() -> None:
    text = TEXTS["english"]
    assert counter("estimate").text(text) <= 2 * counter("mistral-v3").text(text)


def test_unknown_tokenizers_are_estimated() -> None:
    assert counter("llama-3") is counter("estimate")
    assert not counter("llama-3").exact


def test_nothing_costs_nothing_and_a_rest_is_rounded_up() -> None:
    estimate = counter("estimate")
    assert estimate.text("") == 0
    assert estimate.text("a") == 1
    assert estimate.text("abcd") == 2


def test_a_chat_adds_up_with_and_without_a_system_prompt() -> None:
    estimate = counter("estimate")
    turns = [("user", "abc"), ("assistant", "abc"), ("user", "abc")]
    assert estimate.chat("", turns) == estimate.start + 3 * 5
    assert estimate.chat("abc", turns) == estimate.start + 4 * 5


def test_a_chat_without_turns_costs_its_start() -> None:
    assert counter("estimate").chat("abc", []) == counter("estimate").start
