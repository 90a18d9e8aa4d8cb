"""Bars in table rows: no cell, no code and no formula vanishes, whole and streamed alike."""

import random
import re
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.rendering.markdown import Stream, render
from chat.rendering.markdown.tables import fit_row
from tests.support.dom import parse
from tests.unit.rendering.samples import cuts

HEAD = "| a | b |\n|---|---|\n"


def cells(text: str, tag: str = "td") -> list[list[str]]:
    rows = parse(render(text, "ab12")).find("tr")
    found = [[cell.text for cell in row.find(tag)] for row in rows]
    return [row for row in found if row]


def streamed(text: str, seed: int | None = None) -> str:
    stream = Stream("ab12")
    for piece in text if seed is None else cuts(text, random.Random(seed)):
        stream.feed(piece)
        stream.render()
    return stream.html


@pytest.mark.parametrize(
    ("row", "shown"),
    [
        ("| abs | $|x|$ |", ["abs", "|x|"]),
        ("| abs | $$|x|$$ |", ["abs", "|x|"]),
        (r"| abs | \(|x|\) |", ["abs", "|x|"]),
        (r"| abs | $\lvert x \rvert$ |", ["abs", "|x|"]),
        (r"| given | $P(A \mid B)$ |", ["given", "P(A∣B)"]),
        ("| $|x|$ | $|y|$ |", ["|x|", "|y|"]),
        ("| or | `a|b` |", ["or", "a|b"]),
        ("| `a||b` | ``c`|`d`` |", ["a||b", "c`|`d"]),
        (r"| or | `a\|b` |", ["or", "a|b"]),
        ("or | `a|b`", ["or", "a|b"]),
        ("| 1 | 2 | 3 | 4 |", ["1", "2 | 3 | 4"]),
        ("1 | 2 | **3**", ["1", "2 | 3"]),
        ("| 1 | 2 | | |", ["1", "2"]),
        ("| 1 | 2 | | 4 | |", ["1", "2 | | 4"]),
        ("| 1 | | | 4 |", ["1", "| | 4"]),
        ("| `a|b` | c | d |", ["a|b", "c | d"]),
        ("| it costs $5 | and $6 | more |", ["it costs $5", "and $6 | more"]),
        ("| an ` alone | b | c |", ["an ` alone", "b | c"]),
        (r"| a\\| b | c |", [r"a\| b", "c"]),
        ("| one |", ["one", ""]),
        ("| 1 | 2 |", ["1", "2"]),
    ],
)
def test_a_row_keeps_all_its_text(row: str, shown: list[str]) -> None:
    assert cells(HEAD + row) == [shown]
    assert cells(HEAD + "| x | y |\n" + row + "\n| z | `p|q` |") == [
        ["x", "y"],
        shown,
        ["z", "p|q"],
    ]


def test_formulas_with_bars_are_formulas() -> None:
    html = render(HEAD + "| abs | $|x|$ |\n| norm | $$|y|$$ |", "ab12")
    assert html.count("<math") == 2


def test_a_header_may_have_bars_in_code_and_formulas() -> None:
    text = "| `a|b` | $|x|$ |\n|---|---|\n| 1 | 2 |"
    assert cells(text, "th") == [["a|b", "|x|"]]
    assert cells(text) == [["1", "2"]]


@pytest.mark.parametrize(
    ("before", "line"), [("> ", "> "), ("- ", "  "), ("1. ", "   "), ("> - ", ">   "), ("", "  ")]
)
def test_tables_in_quotes_and_lists_too(before: str, line: str) -> None:
    text = f"{before}| a | b |\n{line}|-|-|\n{line}| 1 | 2 | `3|4` |\n{line}| 5 | $|6|$ |\n\nend"
    assert cells(text) == [["1", "2 | 3|4"], ["5", "|6|"]]


def test_a_table_of_one_column() -> None:
    assert cells("| a |\n|---|\n| b | c |") == [["b | c"]]
    assert cells("| a |\n:-:\nb | `c|d`") == [["b | c|d"]]


def test_a_table_deep_in_a_list() -> None:
    text = "1.  one\n    - two\n\n      | a | b |\n      |-|-|\n      | 1 | 2 | 3 |\n"
    assert cells(text) == [["1", "2 | 3"]]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("```\n| a | b |\n|-|-|\n| 1 | `2|3` |\n```", "| 1 | `2|3` |"),
        ("    | a | b |\n    |-|-|\n    | 1 | `2|3` |", "| 1 | `2|3` |"),
        ("- x\n\n      | a | b |\n      |-|-|\n      | 1 | `2|3` |", "| 1 | `2|3` |"),
        (HEAD + "| 1 | 2 |\n\nno table: `a|b|c`", "a|b|c"),
        (HEAD + "| 1 | 2 |\n- an item: `a|b|c`", "a|b|c"),
        (HEAD + "| 1 | 2 |\n> a quote: `a|b|c`", "a|b|c"),
        (HEAD + "| 1 | 2 |\n# a title: `a|b|c`", "a|b|c"),
        (HEAD + "| 1 | 2 |\n```\na|b|c\n```", "a|b|c"),
        ("Title\n---\ncode: `a|b|c`", "a|b|c"),
        ("| a | b | c |\n|-|-|\n| `x|y` | 2 |", "x|y"),
    ],
)
def test_what_is_no_row_is_left_alone(text: str, kept: str) -> None:
    assert kept in [
        code.text.strip("\n").split("\n")[-1] for code in parse(render(text, "x")).find("code")
    ]


PARTS = st.sampled_from(
    [
        "`a|b`",
        "``c`|d``",
        "$|x|$",
        "$$|y|$$",
        r"\(|z|\)",
        "w",
        "**v**",
        r"u\|t",
        "$5",
        "s ` r",
        "$",
        "|",
        "",
    ]
)
ROWS = st.lists(st.lists(PARTS, min_size=1, max_size=6).map(" | ".join), min_size=1, max_size=5)


def letters(text: str) -> list[str]:
    return sorted(re.findall(r"[a-z0-9]", text))


@settings(max_examples=300, deadline=None)
@given(ROWS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_no_letter_of_any_row_vanishes(
    rows: list[str], columns: int, chance: random.Random
) -> None:
    """And a page that was sent the rows piece by piece has at the end what the whole says."""
    text = "|" + "H|" * columns + "\n|" + "-|" * columns + "\n"
    text += "".join(f"| {row} |\n" for row in rows)
    tree = parse(render(text, "ab12"))
    assert letters("".join(cell.text for cell in tree.find("td"))) == letters("".join(rows))
    assert {len(row.find("td")) for row in tree.find("tr")} <= {0, columns}
    pieces = cuts(text + "\nend", chance)
    stream = Stream("ab12")
    for piece in pieces:
        stream.feed(piece)
        stream.render()
    assert stream.html == render(text + "\nend", "ab12")


GROWING = HEAD + "| abs | $|x|$ |\n| or | `a|b` |\n| 1 | 2 | 3 | 4 |\n| end | `c||d` and $|y|$ |\n"


@pytest.mark.parametrize("seed", [None, *range(8)])
def test_a_streamed_table_ends_as_the_whole(seed: int | None) -> None:
    assert streamed(GROWING, seed) == render(GROWING, "ab12")


def test_an_open_last_cell_shows_no_raw_signs() -> None:
    assert parse(streamed(HEAD + "| abs | $|x")).find("td")[-1].text == "abs"
    assert "<code>a|b</code>" in streamed(HEAD + "| or | `a|b")


@pytest.mark.parametrize(
    "unit", ["|", "| a ", "`|", "``|`", "$|", "$$|", "\\(|", "\\|", "|`a`", "> |"]
)
def test_a_row_of_many_bars_takes_linear_time(unit: str) -> None:
    def took(length: int) -> float:
        row = unit * (length // len(unit))
        started = process_time()
        fit_row(row, 2)
        return process_time() - started

    # Eight times the text; quadratic work would take 64 times as long.
    rounds = [(took(5_000), took(40_000)) for _ in range(5)]
    short, long = (min(times) for times in zip(*rounds, strict=True))
    assert long < 24 * short + 0.02
