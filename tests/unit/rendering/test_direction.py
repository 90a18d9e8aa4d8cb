"""The direction of each block, and numbers in text that runs from right to left (row F-29)."""

import random
import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chat.rendering.markdown import Stream, render, render_plain
from tests.support.dom import Element, parse
from tests.unit.rendering.growing_page import page, shown
from tests.unit.rendering.samples import cuts

RTL = (
    "שלום לכולם\n\nThis paragraph is English (100%).\n\nהפעל את `git add -A --all` עכשיו.\n\n"
    "```py\nx = 1  # הערה\n```\n"
)


def autos(text: str) -> list[str]:
    """Return the tags of the elements that decide their own direction, in order."""
    return [element.tag for element in shown(text).elements() if "dir" in element.attributes]


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        (RTL, ["p", "p", "p"]),
        ("# one\n\n###### six", ["h1", "h6"]),
        ("- a\n- b\n  - c", ["li", "li", "li"]),
        ("- a\n\n  b\n\n- # c", ["li", "p", "li"]),
        ("1. [ ] a\n\n   b", ["li", "p"]),
        ("> a\n>\n> b\n>\n> - c", ["blockquote", "p", "li"]),
        ("> # a\n> b", ["blockquote", "p"]),
        ("> [!TIP]\n> a\n>\n> b", ["div", "p", "p"]),
        ("| a | b |\n|---|:-:|\n| c | d |", ["div", "td", "td"]),
        ("```\na\n```\n\n---\n\n$$\nx\n$$", []),
    ],
)
def test_f29_each_block_decides_for_itself(text: str, tags: list[str]) -> None:
    """The first paragraph of an item, a quote or an alert decides for all of it."""
    assert autos(text) == tags


def test_f29_notes_decide_too() -> None:
    notes = parse(render("a[^1]\n\n[^1]: b\n\n    c", "ab12")).find("section")[0]
    assert [element.tag for element in notes.elements() if "dir" in element.attributes] == [
        "li",
        "p",
    ]


def test_f29_a_question_decides_line_by_line() -> None:
    """The style sheet gives each line of it a direction of its own."""
    assert parse(render_plain("שלום\nHello")).find("p")[0].attributes["dir"] == "auto"


def isolated(tree: Element) -> list[str]:
    return [element.text for element in tree.find("bdi")]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("בשנת 2024-05-01 בשעה 10:30 (100%).", ["2024-05-01", "10:30", "100%"]),
        ("טמפרטורה של -5° עד +7,5°", ["-5°", "+7,5°"]),
        ("3–5 ילדים", ["3–5"]),
        ("من 10 إلى 20/30", ["10", "20/30"]),
        ("גרסה 3.11.2 עולה 1,000", ["3.11.2", "1,000"]),
        ("**חשוב** 12-5 מאוד", ["12-5"]),
        ("- פריט 1-2\n- item 1-2\n- 3-4\n- 5-6 פריט", ["1-2", "5-6"]),
        ("| שם 1-2 | b 3-4 |\n|---|---|\n| ג 5-6 | 7-8 |\n\nend", ["1-2", "5-6"]),
        ("English 3-5 words, שלום 6-7 more 8-9", ["6-7"]),
        ("שלום `3-5` x3-5 3D v1.2 \\(4-5\\)", []),
        ("שלום\n3-5 lines\n6-7 שורות", ["6-7"]),
        ("שלום 3~5 $5-$10 5€-10€ ~100 3～5", ["3~5", "$5-$10", "5€-10€", "~100", "3～5"]),
        ("مبلغ $5~$10 أو ₪5–₪10.50", ["$5~$10", "₪5–₪10.50"]),
        ("All English 3-5, 100%", []),
        ("中文 3-5，100%", []),
        ("من ٣-٥ أيام", []),
    ],
)  # fmt: skip
def test_f29_numbers_stay_in_one_piece(text: str, numbers: list[str]) -> None:
    assert isolated(shown(text)) == numbers


def test_f29_numbers_in_a_question() -> None:
    tree = parse(render_plain("בשנת 2024-05-01\n3-5 words\n-2 מעלות"))
    assert isolated(tree) == ["2024-05-01", "-2"]
    assert tree.text == "בשנת 2024-05-01\n3-5 words\n-2 מעלות"


def test_f29_a_long_paragraph_is_cut_beside_no_number() -> None:
    text = "מילים ועוד מילים 3-5, word 12 שלום 6:30 and 7-8 סוף " * 40
    tree = shown(text)
    assert isolated(tree) == ["3-5", "6:30"] * 40


WORDS = [
    "שלום",
    "word",
    "3",
    "3-5",
    "12",
    "-2",
    "100%",
    ".",
    "(",
    ")",
    "-",
    "\n",
    "\n\n",
    "- ",
    "**",
]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join), st.randoms(use_true_random=False)
)
def test_f29_a_stream_isolates_the_same_numbers(text: str, chance: random.Random) -> None:
    text += "\n\nend"
    # An empty item before a blank line makes its list loose only at the end (docs/rendering.md).
    assume(not re.search(r"^[ -]*- *\n", text, re.MULTILINE))
    assert page(cuts(text, chance, longest=4)) == parse(render(text, "ab12"))


def test_f29_words_without_numbers_are_appended_without_the_parser() -> None:
    stream = Stream("ab12")
    stream.feed("שלום לכולם")
    stream.render()
    parsed = stream.parsed
    for word in [" וגם", " עוד", " מילים", ", כן"]:
        stream.feed(word)
        stream.render()
    assert stream.parsed == parsed
    stream.feed(" 3-5")
    stream.render()
    assert stream.parsed > parsed
