"""Text is cut between the characters that a reader sees."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.text import has_visible, make_title
from core.graphemes import cut_graphemes

CHARACTERS = {
    "family": "👨‍👩‍👧‍👦",
    "skin tone": "👍🏽",
    "profession": "👩🏽‍🚀",
    "flag": "🇩🇪",
    "flag of tags": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "rainbow flag": "🏳️‍🌈",
    "keycap": "1️⃣",
    "text selector": "❤︎",
    "heart on fire": "❤️‍🔥",
    "ideographic variation": "葛\U000e0100",
    "accents": "e\u0301\u0323",
    "Vietnamese": "e\u0302\u0301",
    "Hebrew points": "שָׁ",
    "Devanagari": "क्षि",
    "Tamil": "கொ",
    "Thai": "กำ",
    "Hangul jamo": "\u1112\u1161\u11ab",
    "Old Hangul": "\u1107\u1109\u1161",
    "halfwidth kana": "ｶﾞ",
}


def ends_of(characters: list[str]) -> set[int]:
    return {0, *itertools.accumulate(map(len, characters))}


@pytest.mark.parametrize("char", CHARACTERS.values(), ids=CHARACTERS)
@pytest.mark.parametrize("between", ["", "x", "-"])
def test_a_title_ends_with_a_whole_character(char: str, between: str) -> None:
    for lead in range(len(char) + 2):
        characters = [*"x" * lead, *[char, between] * 60]
        title = make_title("".join(characters))
        assert len(title) <= 60
        assert len(title.removesuffix("…")) in ends_of(characters)


@given(st.text(st.sampled_from("".join(CHARACTERS.values()) + " ab\u0600"), max_size=80))
def test_a_cut_is_a_start_that_fits(text: str) -> None:
    cut = cut_graphemes(text, 20)
    assert text.startswith(cut)
    assert len(cut) <= 20
    assert bool(cut) is bool(text)


@given(st.lists(st.sampled_from([*CHARACTERS.values(), "a", " "]), max_size=40))
def test_no_character_is_cut(characters: list[str]) -> None:
    cut = cut_graphemes("".join(characters), 20)
    assert len(cut) in ends_of(characters)


def test_a_single_character_that_is_too_long_is_cut() -> None:
    title = make_title("e" + "\u0301" * 500)
    assert has_visible(title)
    assert len(title) == 60


def test_a_title_is_cut_at_a_space_if_it_can() -> None:
    words = "What does this family eat on Sundays "
    assert make_title(f"{words}{'👨‍👩‍👧‍👦' * 12}") == f"{words.rstrip()}…"
