"""Display formulas over several lines, whole and streamed."""

import random

import pytest

from chat.rendering.markdown import render
from tests.support.dom import parse
from tests.unit.rendering.samples import cuts, stream
from tests.unit.rendering.test_dollars import sources

FORMULAS = [
    ("$$\na\n+ b\n$$", ["a + b"]),
    ("$$\na\n\n+ b\n$$", ["a + b"]),
    ("\\[\na\n\n\n- b\n\\]", ["a - b"]),
    ("$$\na \\\\[4pt]\n\nb\n$$", ["a \\\\[4pt] b"]),
    ("$$\nx\n\n\\text{where } y \\text{ is it}\n$$", ["x \\text{where } y \\text{ is it}"]),
    (
        "$$\\begin{aligned}\na &= b \\\\\n\nc &= d\n\\end{aligned}$$",
        ["\\begin{aligned} a &= b \\\\ c &= d \\end{aligned}"],
    ),
    ("$$a\n- b\n$$ and more", ["a - b"]),
    ("$$a\n=\nb$$", ["a = b"]),
    ("\\[ a\n= b\n- c \\]", ["a = b - c"]),
    ("Text: $$\nx\n\n= y\n$$ where x is it", ["x = y"]),
    ("So\n\\[\nx\n\ny\n\\]\nand", ["x y"]),
    ("$$\na\n$$\n\n$$\nb\n\n+ c\n$$", ["a", "b + c"]),
    ("- item\n  $$\n  a\n\n  + b\n  $$\n- next", ["a + b"]),
    ("1. a\n\n   $$\n   x\n\n   y\n   $$\n\n2. b", ["x y"]),
    ("1. Text $$\n   x\n   - y\n   $$\n2. b", ["x - y"]),
    ("> $$\n> a\n>\n> + b\n> $$", ["a + b"]),
    ("$$\nx\n\nThen some text about it.\n\n$$\ny\n$$", ["y"]),
]
PROSE = [
    "$$\nx\n\nThen some text about it.\n$$ more",
    "It costs $$\n\nand this costs more $$ than that",
    "> $$\n> a\n\n> + b\n> $$",
    "```\n$$\na\n\nb\n$$\n```",
    "$$\n\n```\ncode\n```\n\n$$",
]


@pytest.mark.parametrize(("text", "formulas"), FORMULAS)
def test_a_display_formula_is_one(text: str, formulas: list[str]) -> None:
    html = render(text, "ab12")
    assert sources(html) == formulas
    assert 'display="block"' in html


@pytest.mark.parametrize(("text", "_"), FORMULAS)
def test_a_streamed_display_formula_ends_as_the_whole(text: str, _: list[str]) -> None:
    text += "\n\nend"
    for seed in range(4):
        assert stream(*cuts(text, random.Random(seed))).html == render(text, "ab12")


@pytest.mark.parametrize(("text", "_"), FORMULAS[:10])
def test_no_frame_shows_its_marks(text: str, _: list[str]) -> None:
    for end in range(len(text)):
        shown = parse(stream(*text[:end]).html).text
        assert "$" not in shown
        assert "\\" not in shown


@pytest.mark.parametrize("text", PROSE)
def test_marks_with_prose_between_them_are_none(text: str) -> None:
    html = render(text, "ab12")
    assert not parse(html).find("math")
    assert parse(html).text.count("$") == text.count("$")
    text += "\n\nThe end of it."
    assert stream(*text).html == render(text, "ab12")
