"""Markers of chat templates at the end of an answer (row F-62 of the cases)."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.providers.end_markers import MARKERS, EndMarkerFilter
from tests.fake_llm import Cut, Done, End, Finish, Upstream, script
from tests.unit.llm.test_stream_text import CUTS, pieces
from tests.unit.llm.tools import ask, openai


def passed(*parts: str) -> str:
    markers = EndMarkerFilter()
    return "".join([*map(markers.feed, parts), markers.flush()])


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_at_the_end_is_dropped_however_it_is_cut(marker: str) -> None:
    for text in (marker, marker + "\n", f"{marker} {marker}\n\n", marker + "</s>"):
        whole = "Done." + text
        assert passed(whole) == "Done."
        assert passed(*whole) == "Done."
        for cut in range(len(whole)):
            assert passed(whole[:cut], whole[cut:]) == "Done."


@pytest.mark.parametrize(
    "text",
    [
        "A turn ends with <|im_end|>.",
        "</s> ends it",
        "`<|im_end|>`",
        "Use `</s>` or `<end_of_turn>`",
        "```\n<|im_start|>user\nHi<|im_end|>\n```",
        "```\n<|im_start|>user\nHi<|im_end|>",
        "```\n<|im_start|>user\nHi<|im_end|>\n",
        "~~~text\n</s>",
        "- item:\n  ```\n  </s>",
        "````\n```\n</s>",
        "It is written `</s>",
        "a `b` is\nwritten `</s>",
        "```md\n```py\nx\n```\n</s>",
        "```py\n```md\n</s>",
        "> ```\n> </s>",
        "> ```\n> > x\n> </s>",
        "a < b",
        "a <",
        "<|im_en",
        "<|im_end|> <",
        "</s> <|im_start|>",
        "x </sup>",
        "[/INST]",
        "<<s>>",
        "a <b>bold</b>",
        "",
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert passed(text) == text
    assert passed(*text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("```\ncode\n```<|im_end|>", "```\ncode\n```"),
        ("```\ncode\n```\n<|im_end|>\n", "```\ncode\n```\n"),
        ("Use `</s>`.</s>", "Use `</s>`."),
        ("`a` and `b`<|eot_id|>", "`a` and `b`"),
        ("one `\n\ntwo</s>", "one `\n\ntwo"),
        ("It's 5` long.<|im_end|>", "It's 5` long."),
        ("``a ` b``<|im_end|>", "``a ` b``"),
        ("`a\nb` is it.</s>", "`a\nb` is it."),
        ("Hi </s></s></s>", "Hi "),
        ("`a\nb`<|im_end|>", "`a\nb`"),
        ("````md\n```py\nx\n```\n````\nSo.<|im_end|>", "````md\n```py\nx\n```\n````\nSo."),
        ("```md\n```py\nx\n```\n```\nSo.<|im_end|>", "```md\n```py\nx\n```\n```\nSo."),
        ("> ```\n> x\n\nSo.<|im_end|>", "> ```\n> x\n\nSo."),
        ("> > ~~~\n> > x\n> So.</s>", "> > ~~~\n> > x\n> So."),
        ("5` long\n\n`x`<eos>", "5` long\n\n`x`"),
        ("</s>", ""),
        ("a </s> b </s>", "a </s> b "),
    ],
)
def test_only_the_end_is_dropped(text: str, left: str) -> None:
    assert passed(text) == left
    assert passed(*text) == left


WORDS = st.lists(st.sampled_from([*MARKERS, "a", "<", "|", " ", "\n", "`", "```", "~~~", "."]))


@given(WORDS.map("".join), CUTS)
def test_any_cut_gives_the_same_text(text: str, cuts: list[int]) -> None:
    whole = passed(text)
    assert passed(*pieces(text, cuts)) == whole
    assert text.startswith(whole)
    rest = text[len(whole) :]
    for marker in MARKERS:
        rest = rest.replace(marker, "")
    assert not rest.strip()


@pytest.mark.parametrize(
    "unit", ["</s>", "<", "<|", "<|im_end|> ", " ", "<|im_", "`", "\n", "</s>a"]
)
def test_a_million_signs_take_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = process_time()
    passed(text)
    passed(*pieces(text, list(range(0, 1_000_000, 997))))
    assert process_time() - began < 5


@pytest.mark.parametrize(
    "parts",
    [["Done.", "<|im_end|>"], ["Done.<|im", "_end|>"], ["Done.", "</", "s>"], [*"Done.<eos>\n"]],
)
async def test_an_answer_ends_without_its_marker(up: Upstream, parts: list[str]) -> None:
    up.script(script(*parts, Finish(), Done()))
    outcome = await ask(openai(up.base_url))
    assert (outcome.text, outcome.reason) == ("Done.", "stop")


async def test_an_answer_of_a_marker_alone_is_empty(up: Upstream) -> None:
    up.script(script("<|im_end|>", Finish(), Done()))
    assert (await ask(openai(up.base_url))).code == "empty"


async def test_an_answer_about_templates_keeps_them(up: Upstream) -> None:
    text = "```\n<|im_start|>user\nHi<|im_end|>\n```\nAnd `</s>` ends it."
    up.script(script(*text, Finish(), Done()))
    assert (await ask(openai(up.base_url))).text == text


async def test_text_that_was_held_back_is_kept_when_the_connection_breaks(up: Upstream) -> None:
    up.script(script("a <", Cut()))
    outcome = await ask(openai(up.base_url))
    assert (outcome.text, outcome.code) == ("a <", "cut")
    up.script(script("b <|im_", End()))
    assert (await ask(openai(up.base_url))).text == "b <|im_"
