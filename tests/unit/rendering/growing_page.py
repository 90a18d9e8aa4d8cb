"""A page that watches an answer being written."""

import random
from collections.abc import Iterable

from chat.rendering.markdown import Position, Stream, changes, render
from tests.support.dom import Element, apply, parse
from tests.unit.rendering.safety import assert_safe
from tests.unit.rendering.samples import cuts


def page(pieces: Iterable[str]) -> Element:
    """Return the tree of a page that followed the stream by patches alone."""
    stream, body, shown = Stream("ab12"), Element("body"), Position()
    for piece in pieces:
        stream.feed(piece)
        stream.render()
        apply(body, changes(shown, stream))
        shown = Position(len(stream.blocks), stream.tail)
    return body.normalised()


def shown(text: str) -> Element:
    """Return the tree of the text; a page that watched it being written has the same.

    A paragraph follows, because the open end of an answer is held back until the next sign.
    """
    written = text + "\n\nThe end."
    whole = parse(render(written, "ab12"))
    for size in (1, 4, 16):
        assert page(written[at : at + size] for at in range(0, len(written), size)) == whole
    for seed in range(4):
        assert page(cuts(written, random.Random(seed))) == whole
    return assert_safe(render(text, "ab12"))
