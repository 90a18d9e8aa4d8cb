import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.rendering.markdown import Patch, Position, Stream, changes
from chat.rendering.markdown.diff import diff_html
from tests.support.dom import Element, apply, parse
from tests.unit.rendering.safety import assert_safe
from tests.unit.rendering.samples import BEHAVED, PIECES, cuts

MARKDOWN = st.lists(st.sampled_from(PIECES), min_size=1, max_size=25).map("".join)


def follow(pieces: list[str], every: int = 1) -> Stream:
    """Stream the pieces and keep a page up to date by patches alone; compare after each frame."""
    stream, shown, body = Stream("ab12"), Position(), Element("body")
    for number, piece in enumerate(pieces):
        stream.feed(piece)
        if number % every:
            continue
        finished = list(stream.blocks)
        stream.render()
        assert stream.blocks[: len(finished)] == finished
        apply(body, changes(shown, stream))
        shown = Position(len(stream.blocks), stream.tail)
        assert body.normalised() == parse(stream.html)
        for block in [*stream.blocks[len(finished) :], stream.tail]:
            children = assert_safe(block).children
            assert len(children) == bool(block)
            assert all(isinstance(child, Element) for child in children)
    return stream


@settings(max_examples=150, deadline=None)
@given(MARKDOWN, st.randoms(use_true_random=False), st.integers(1, 3))
def test_patches_lead_from_any_frame_to_the_next(
    text: str, chance: random.Random, every: int
) -> None:
    follow(list(cuts(text, chance)), every)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="ab*_`[]()#-|>\n $\\~!<&1.:^=", max_size=120), st.integers(1, 4))
def test_patches_hold_for_signs_in_any_order(text: str, size: int) -> None:
    follow([text[at : at + size] for at in range(0, len(text), size)])


@pytest.mark.parametrize("seed", range(4))
def test_patches_hold_for_a_usual_answer(seed: int) -> None:
    follow(list(cuts(BEHAVED, random.Random(seed))))


@settings(max_examples=100, deadline=None)
@given(MARKDOWN, st.randoms(use_true_random=False))
def test_a_reader_who_missed_frames_catches_up_at_once(text: str, chance: random.Random) -> None:
    stream, shown = Stream("ab12"), Position()
    for piece in cuts(text, chance, longest=30):
        stream.feed(piece)
        stream.render()
        if chance.random() < 0.2:
            shown = Position(len(stream.blocks), stream.tail)
            seen = stream.html
            body = parse(seen)
    if shown != Position():
        apply(body, changes(shown, stream))
        assert body.normalised() == parse(stream.html)


def test_text_at_the_end_is_one_append_to_the_innermost_element() -> None:
    assert diff_html("<ul><li>a <em>b</em></li></ul>", "<ul><li>a <em>bc</em></li></ul>") == [
        Patch(3, "append", "c")
    ]


def test_appends_come_innermost_first() -> None:
    assert diff_html("<ul><li>a</li></ul>", "<ul><li>ab</li><li>c</li></ul><p>d</p>") == [
        Patch(2, "append", "b"),
        Patch(1, "append", "<li>c</li>"),
        Patch(0, "append", "<p>d</p>"),
    ]


def test_a_change_replaces_the_innermost_last_element_only() -> None:
    old, new = "<p>long <a>it</a></p>", '<p>long <a href="http://x.y/">it</a> on</p><hr>'
    assert diff_html(old, new) == [
        Patch(2, "replace", '<a href="http://x.y/">it</a> on'),
        Patch(0, "append", "<hr>"),
    ]


def test_an_entity_is_never_cut() -> None:
    assert diff_html("<p>a &lt;</p>", "<p>a &lt; &gt;</p>") == [Patch(1, "append", " &gt;")]
    assert diff_html("<p>a &lt;</p>", "<p>a &lb;</p>") == [Patch(1, "replace", "<p>a &lb;</p>")]


def test_a_vanished_block_is_taken_away() -> None:
    assert diff_html("<p>a</p>", "") == [Patch(1, "replace", "")]


def test_nothing_is_sent_when_nothing_changed() -> None:
    assert diff_html("<p>a</p>", "<p>a</p>") == []


def test_a_reader_ahead_of_the_stream_gets_the_whole() -> None:
    stream = Stream("ab12")
    stream.feed("a")
    stream.render()
    assert changes(Position(3, ""), stream) == [Patch(None, "replace", '<p dir="auto">a</p>')]
