import random

import pytest

from chat.rendering.markdown import Position, Stream, changes, render, render_plain
from tests.unit.rendering.safety import assert_safe
from tests.unit.rendering.vectors import VECTORS


def test_there_are_enough_vectors() -> None:
    assert len(set(VECTORS)) > 400


@pytest.mark.parametrize("number", range(len(VECTORS)))
def test_a_hostile_text_is_harmless_whole_and_at_every_prefix(number: int) -> None:
    text = VECTORS[number]
    assert_safe(render(text, "ab12"))
    assert_safe(render_plain(text))
    stream, shown = Stream("ab12"), Position()
    step = 1 if len(text) < 400 else 97
    for at in range(0, len(text), step):
        stream.feed(text[at : at + step])
        stream.render()
        assert_safe(stream.html)
        for patch in changes(shown, stream):
            assert_safe(patch.html)
        shown = Position(len(stream.blocks), stream.tail)


def test_hostile_texts_in_one_answer_stay_harmless() -> None:
    chance = random.Random(7)
    for _ in range(40):
        text = "\n".join(chance.sample(VECTORS, 6))
        assert_safe(render(text, "ab12"))
        stream = Stream("ab12")
        for at in range(0, len(text), 23):
            stream.feed(text[at : at + 23])
            stream.render()
            assert_safe(stream.html)


def test_a_message_id_cannot_leave_its_attribute() -> None:
    html = render("a[^1]\n\n[^1]: b", '"><script>')
    assert_safe(html, "script")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[x](javascript:alert(1))", "x"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("![cat](data:image/png;base64,AA)", "cat"),
        ("\\<b>", "<b>"),
        ("&#60;b&#62;", "<b>"),
    ],
)
def test_the_text_itself_is_kept(text: str, shown: str) -> None:
    tree = assert_safe(render(text, "ab12"))
    assert tree.text == shown
    assert not [a for a in tree.find("a") if "href" in a.attributes]


@pytest.mark.parametrize(
    "unit",
    [
        ">",
        "> ",
        "- ",
        "1. ",
        "[",
        "![",
        "](",
        "*a ",
        "**a *b ",
        "_a__b ",
        "`",
        "`` ` ",
        "$a ",
        "$$",
        "\\[",
        "\\(",
        "\\(a\\)",
        "<",
        "<a ",
        "&",
        "~~a ",
        "www.",
        "a@",
        "http://",
        "|a",
        "|\n",
        "[^1]",
        "[^1]: a\n",
        "[a]: b\n",
        "# ",
        "```\n",
        "~~~\n",
        "---\n",
        "  - a\n",
        "\t",
        "\n",
        "$$\n",
        "\\[\n",
        "| a |\n|-|\n",
        "> [!NOTE]\n",
        "\x00",
        "\ud800",
        "\u200b",
        "\\",
        "![a](",
        "[a](b)",
        "a|b\n-|-\n",
        "=\n",
        "é",
        "a ~",
        "<br>",
        "<sub>",
        "<sub>a</sub>",
        "__a__",
        "https://x。",
        "**「",
        "http://[",
    ],
)
def test_bombs_render_and_stream(unit: str) -> None:
    text = unit * (12_000 // len(unit))
    assert_safe(render(text, "ab12"))
    stream = Stream("ab12")
    for at in range(0, len(text), 600):
        stream.feed(text[at : at + 600])
        stream.render()
    assert_safe(stream.html)


def test_nesting_is_shown_as_plain_text_beyond_what_a_page_can_hold() -> None:
    text = "\n".join("  " * depth + "- a" for depth in range(200))
    assert render(text, "ab12") == render_plain(text)
    assert render(">" * 10_000 + "x", "ab12").count("<blockquote>") <= 20
