"""Render a finished answer in one go, for storage and for page loads."""

from chat.rendering.markdown.blocks import split_blocks
from chat.rendering.markdown.convert import NestingError, to_html
from chat.rendering.markdown.footnotes import number_footnotes
from chat.rendering.markdown.sanitize import LostPlaceholderError, sanitize, with_anchors
from chat.rendering.markdown.source import normalize, prepare
from chat.rendering.markdown.user_text import render_plain

RENDERER_VERSION = 5
"""Increase this whenever the HTML of any text changes, so that stored HTML is rendered again."""


def render(text: str, message_id: str) -> str:
    """Return Markdown as safe HTML: a sequence of block elements, or "" if nothing is visible.

    `message_id` (hexadecimal or UUID) makes footnote anchors unique on the page. Text that nests
    too deeply for a page is returned as plain text, escaped.
    """
    text = normalize(text)
    try:
        html = number_footnotes(to_html(prepare(text)))
        html = "".join(block.html for block in split_blocks(html))
        return with_anchors(sanitize(html), message_id)
    except (NestingError, LostPlaceholderError):
        return render_plain(text)
