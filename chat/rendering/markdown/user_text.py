"""Render text that a person typed: as it was typed, with clickable links."""

from html import escape

from chat.rendering.markdown.addresses import find_addresses
from chat.rendering.markdown.direction import isolate_numbers
from chat.rendering.markdown.sanitize import is_linkable
from chat.rendering.markdown.source import normalize


def render_plain(text: str) -> str:
    """Return the text as one escaped paragraph, or "" for blank text.

    The style sheet preserves the white space of `class="plain"`.
    """
    text = normalize(text)
    if not text.strip():
        return ""
    parts: list[str] = []
    end = 0
    for start, stop in find_addresses(text):
        if anchor := _anchor(text[start:stop]):
            parts += escape(text[end:start], quote=False), anchor
            end = stop
    parts.append(escape(text[end:], quote=False))
    return f'<p class="plain" dir="auto">{isolate_numbers("".join(parts))}</p>'


def _anchor(address: str) -> str:
    """Return a link that shows the address, or "" if it may not be one."""
    target = f"http://{address}" if address.lower().startswith("www.") else address
    if not is_linkable(target):
        return ""
    return (
        f'<a target="_blank" href="{escape(target)}" rel="nofollow noopener noreferrer">'
        f"{escape(address, quote=False)}</a>"
    )
