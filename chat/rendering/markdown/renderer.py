"""A whole answer, rendered at once: what is stored and what a page load shows."""

from chat.rendering.markdown.blocks import split
from chat.rendering.markdown.convert import NestingError, to_html
from chat.rendering.markdown.footnotes import numbered
from chat.rendering.markdown.sanitize import LostPlaceError, sanitise, with_anchors
from chat.rendering.markdown.source import normalise, prepare
from chat.rendering.markdown.user_text import render_plain

RENDERER_VERSION = 3
"""Raised whenever the HTML of some text changes: stored HTML is then made again."""


def render(text: str, message_id: str) -> str:
    """Markdown -> safe HTML, a sequence of block elements; "" for text that shows nothing.

    `message_id` (hexadecimal or UUID) makes the anchors of footnotes unique on the page. Text that
    nests deeper than a page can show comes back as plain text.
    """
    text = normalise(text)
    try:
        html = numbered(to_html(prepare(text)))
        html = "".join(block.html for block in split(html))
        return with_anchors(sanitise(html), message_id)
    except (NestingError, LostPlaceError):
        return render_plain(text)
