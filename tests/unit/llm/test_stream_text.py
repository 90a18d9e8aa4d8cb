"""Text, stop strings and event lines: any cut of the same input gives the same output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.providers.accumulator import CONTROLS
from chat.llm.providers.sse import DONE, EventLines, encode_lines
from chat.llm.providers.stop_sequences import StopFilter
from chat.text import ChunkNormalizer, has_visible

T = TypeVar("T", str, bytes)
ODD = st.text(st.sampled_from("ab \t\n\r\x00\x1b\u2028\ud83d\ude00\u00e9\U0001f600"), max_size=24)
CUTS = st.lists(st.integers(0, 60), max_size=6)
STOPS = ("\nUser:", "\nBot:", "aab")
STREAM = (
    ': ping\n\ndata: {"a": "\u2028 \u20ac"}\r\n\r\nevent: message\ndata:{}\n\ndata:\n\n'
    "id: 1\ndata: [1,\u0085 2]\n\ndata:[DONE]\n\n"
).encode()


def pieces(whole: T, cuts: list[int]) -> Iterator[T]:
    places = [0, *sorted(cut % (len(whole) + 1) for cut in cuts), len(whole)]
    return (whole[a:b] for a, b in pairwise(places))


def normalised(parts: Iterator[str]) -> str:
    chunks = ChunkNormalizer(CONTROLS, "")
    return "".join([*map(chunks.feed, parts), chunks.flush()])


@given(ODD, CUTS)
def test_normaliser(text: str, cuts: list[int]) -> None:
    whole = normalised(iter([text]))
    assert normalised(pieces(text, cuts)) == whole
    assert whole.encode().decode() == whole
    assert not set(whole) & set("\x00\x1b\r")


@given(st.text(st.sampled_from("ab\nUser:Bot"), max_size=40), CUTS)
def test_stop_filter(text: str, cuts: list[int]) -> None:
    stops = StopFilter(STOPS)
    shown = "".join([*map(stops.feed, pieces(text, cuts)), stops.flush()])
    ends = [at for stop in STOPS if (at := text.find(stop)) >= 0]
    assert stops.hit == bool(ends)
    if not ends:
        assert shown == text
    else:
        assert text.startswith(shown)
        assert not any(stop in shown for stop in STOPS)


@given(CUTS)
def test_event_lines(cuts: list[int]) -> None:
    lines = EventLines(1_000)
    said = [*chain.from_iterable(map(lines.feed, pieces(STREAM, cuts))), *lines.close()]
    assert said == ['{"a": "\u2028 \u20ac"}'.encode(), b"{}", "[1,\u0085 2]".encode(), DONE]
    assert encode_lines(said).decode() == (
        'data: {"a": "\\u2028 \u20ac"}\ndata: {}\ndata: [1,\\u0085 2]\ndata: [DONE]\n'
    )


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\u200b\u2060\ufeff", "\x00", "\u3164\u2800", "\u0301"]
)
def test_nothing_to_see(text: str) -> None:
    assert not has_visible(text)


@pytest.mark.parametrize("text", ["a", " .", "\u200b\u4e2d", "\U0001f600", "\ufffd"])
def test_something_to_see(text: str) -> None:
    assert has_visible(text)
