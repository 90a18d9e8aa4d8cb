"""Render text that a person typed: as it was typed, with clickable links."""

import re
from html import escape

from chat.rendering.markdown.sanitize import is_linkable
from chat.rendering.markdown.source import normalize

_LINK = re.compile(r"https?://[^\s<>\"']+")
_TRAILING_PUNCTUATION = ".,:;!?*_~)]}'"


def render_plain(text: str) -> str:
    """Return the text as one escaped paragraph, or "" for blank text.

    The style sheet preserves the white space of `class="plain"`.
    """
    text = normalize(text)
    if not text.strip():
        return ""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        address = _trim_address(match[0])
        if is_linkable(address):
            parts += escape(text[end : match.start()], quote=False), _anchor(address)
            end = match.start() + len(address)
    parts.append(escape(text[end:], quote=False))
    return f'<p class="plain">{"".join(parts)}</p>'


def _trim_address(address: str) -> str:
    """Return the address without trailing punctuation of the sentence around it."""
    while address and address[-1] in _TRAILING_PUNCTUATION:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address


def _anchor(address: str) -> str:
    return (
        f'<a target="_blank" href="{escape(address)}" rel="nofollow noopener noreferrer">'
        f"{escape(address, quote=False)}</a>"
    )
