"""Every example of the CommonMark and GFM specifications, whole and in random pieces.

The numbers below are the ones listed in docs/rendering.md; one more or one less fails.
"""

import random
from pathlib import Path

import pytest

from chat.rendering.markdown import Position, Stream, changes, render
from tests.support.dom import Element, apply, parse
from tests.unit.rendering.plain_html import plain
from tests.unit.rendering.samples import cuts
from tests.unit.rendering.spec import COMMONMARK, GFM, Example

ROOT = Path(__file__).resolve().parents[3]


def numbers(text: str) -> set[int]:
    """ "1 4-6" -> {1, 4, 5, 6}"""
    found: set[int] = set()
    for part in text.split():
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


DIFFERENT = {
    "raw HTML is text": (
        "21 31 148-191 195 201 308 309 344 475-477 491 494 524 536 613-617 623 625-631 642 643"
    ),
    "an address is a link without angle brackets (GFM)": "602 608 611 612",
    "escaped brackets are a formula": "12",
    "one lower-case word between double underscores is a name": "389 399 406 425 462",
    "a host has a letter or a digit": "600",
}
GFM_DIFFERENT = {
    "raw HTML is text": "652",
    "cells beyond the header stay, in the last one": "204",
}
LATE = (
    "23 33 203 204 214 218 527-535 539 540 542 543 549 553-562 565 566 568-571 573 576 577 582-589"
    " 591 593"
)
"""The definition of a link comes after its use: only the close knows it."""


def listed(rows: dict[str, str]) -> set[int]:
    return set().union(*(numbers(row) for row in rows.values()))


@pytest.mark.parametrize(
    ("examples", "different"),
    [(COMMONMARK, listed(DIFFERENT)), (GFM, listed(GFM_DIFFERENT))],
    ids=["commonmark", "gfm"],
)
def test_the_whole_is_what_the_specification_says(
    examples: list[Example], different: set[int]
) -> None:
    found = {
        example.number
        for example in examples
        if plain(render(example.text, "ab12")) != plain(example.html)
    }
    assert found == different


@pytest.mark.parametrize(
    ("examples", "late"),
    [(COMMONMARK, numbers(LATE)), (GFM, set())],
    ids=["commonmark", "gfm"],
)
def test_streamed_with_any_cuts_it_ends_as_the_whole(
    examples: list[Example], late: set[int]
) -> None:
    found = {
        example.number
        for example in examples
        for seed in range(8)
        if streamed(example.text, random.Random(seed)) != parse(render(example.text, "ab12"))
    }
    assert found == late


def streamed(text: str, chance: random.Random) -> Element:
    """The tree of a page that was sent the text piece by piece, as its reader has it at the end."""
    stream, body, shown = Stream("ab12"), Element("body"), Position()
    for piece in cuts(text, chance):
        stream.feed(piece)
        stream.render()
        apply(body, changes(shown, stream))
        shown = Position(len(stream.blocks), stream.tail)
    assert body.normalised() == parse(stream.html)
    return body.normalised()


def test_the_docs_list_the_same_numbers() -> None:
    docs = " ".join((ROOT / "docs/rendering.md").read_text().split())
    for row in (*DIFFERENT.values(), *GFM_DIFFERENT.values(), LATE):
        assert f"| {row} |" in docs


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("``` c\\+\\+ &lt;\nx", "c++"),
        ("Foo\n[bar]: /baz\n\n[bar] x", "[bar] x"),
    ],
)
def test_found_by_the_specification(text: str, end: str) -> None:
    """An escaped language, and a definition that cannot interrupt a paragraph, while it streams."""
    stream = Stream("ab12")
    for sign in text:
        stream.feed(sign)
        stream.render()
    assert f">{end}<" in stream.html
