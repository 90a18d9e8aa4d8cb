"""Bytes sent and characters rendered grow with the answer, not with its square."""

from time import process_time

import pytest

from chat.rendering.markdown import Position, Stream, changes, render, render_plain

SHAPES = {
    "prose": "A sentence with **bold** and `code`, and so on for a while. " * 5 + "\n\n",
    "list": "- an item with **bold** text and a few words more\n",
    "loose list": "1. an item of some words\n\n   and a second paragraph\n\n",
    "table": "| one cell | **two** | 3 |\n",
    "table with bars": "| `a|b` | $|x|$ | 3 | 4 | **five** |\n",
    "paragraph": "The quick brown *fox* jumps over the lazy dog, and it runs. ",
    "prices": "The price went from $5 to $10, then $20, and $x$ of them cost 30$ more. ",
    "formulas": "$x$ $a_1$, $y$ and ",
    "code": "    value = compute(value, 1)  # <b>\n",
    "quote": "> The quick brown *fox* jumps over the lazy dog.\n>\n",
    "nested list": "  - a nested item with *some* text\n",
    "poem": "The sun went down, and **all** of them\nwere quiet, or so it seemed to me;\n",
    "ranges and links": "大约3~5天，**「重点」**见 https://x.y/数学（说明）。H<sub>2</sub>O<br>" * 4
    + "\n\n",
}
HEADS = {
    "table": "| a | b | c |\n|---|:-:|---|\n",
    "table with bars": "| a | b | c |\n|---|:-:|---|\n",
    "code": "```python\n",
    "nested list": "1. outer\n",
}


class Meter:
    """Streams a text in frames of 16 characters and counts what goes out and what is rendered."""

    def __init__(self, name: str, length: int) -> None:
        text = (HEADS.get(name, "") + SHAPES[name] * (length // len(SHAPES[name]) + 1))[:length]
        self.sent = 0
        stream, shown = Stream("ab12"), Position()
        for at in range(0, length, 16):
            stream.feed(text[at : at + 16])
            stream.render()
            self.sent += sum(len(patch.html.encode()) for patch in changes(shown, stream))
            shown = Position(len(stream.blocks), stream.tail)
        self.rendered = stream.parsed
        self.final = len(render(text, "ab12").encode())


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_sent_stays_near_the_final_html(name: str) -> None:
    meter = Meter(name, 12_000)
    # A paragraph is sent again when its last word turns out to be the beginning of an address.
    assert meter.sent < (2.5 if "links" in name else 1.5) * meter.final
    assert meter.sent < 120 * 12_000 / 4


@pytest.mark.parametrize("name", SHAPES)
def test_what_is_rendered_grows_with_the_length(name: str) -> None:
    short, long = Meter(name, 8_000), Meter(name, 32_000)
    assert long.rendered < 5 * short.rendered + 1_000
    assert long.sent < 5 * short.sent


def test_short_items_are_rendered_a_few_times_each() -> None:
    assert Meter("list", 16_000).rendered < 16_000 * 6


BLANKS = " " * 4_000
MANY = 100_000


@pytest.mark.parametrize(
    "text",
    [
        f"{BLANKS}-{BLANKS}|x",
        f"hello\n- {BLANKS}-{BLANKS}|x",
        f"a\n{BLANKS}x",
        f"a\n- {BLANKS}x",
        f"|{BLANKS}-{BLANKS}|{BLANKS}-{BLANKS}x",
        "a\n" + "- " * 4_000 + "x",
        "|-" * 4_000 + " x",
        "~" * MANY,
        "~ " * (MANY // 2),
        "\\" * MANY + "~",
        "a<br" + " " * MANY,
        "a<br " * (MANY // 5),
        "<sub>" * (MANY // 5),
        "<sub>a" * (MANY // 6) + "</sub>",
        "__a__" * (MANY // 5),
        "__" + "a" * MANY,
        "http://" * (MANY // 7),
        "http://" + "a." * (MANY // 2),
        "http://" + "a)" * (MANY // 2),
        "https://x.y/数" * (MANY // 13),
        "。https://x.y" * (MANY // 12),
        "**「a」**" * (MANY // 7),
        "```md\n```py\nx\n```\n" * (MANY // 20),
        "```md\n" * (MANY // 6),
        "\t```\n\tx\n" * (MANY // 8),
        "C:\\a " * (MANY // 5),
        "C:\\" + "a " * (MANY // 2),
        "\\\\a\\" * (MANY // 4),
        "ש 3-" * (MANY // 4),
        "3-" * (MANY // 2) + "ש",
    ],
    ids=lambda text: text[:12],
)
def test_a_long_line_does_not_stop_the_process(text: str) -> None:
    """A pattern that backtracks over it holds the interpreter for minutes."""
    began = process_time()
    render(text, "ab12")
    render_plain(text)
    stream = Stream("ab12")
    stream.feed(text)
    stream.render()
    assert process_time() - began < 5


def test_a_paragraph_of_formulas_is_cut_between_them() -> None:
    assert Meter("formulas", 8_000).rendered < 16 * 8_000
