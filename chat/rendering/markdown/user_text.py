"""A person's own text: shown as it was typed, with its links clickable."""

import re
from html import escape

from chat.rendering.markdown.sanitize import linkable
from chat.rendering.markdown.source import normalise

_LINK = re.compile(r"https?://[^\s<>\"']+")
_AFTER = ".,:;!?*_~)]}'"


def render_plain(text: str) -> str:
    """Text -> one paragraph (`class="plain"`, white space kept by the style), or ""."""
    text = normalise(text)
    if not text.strip():
        return ""
    parts: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        address = _trimmed(match[0])
        if linkable(address):
            parts += escape(text[end : match.start()], quote=False), _anchor(address)
            end = match.start() + len(address)
    parts.append(escape(text[end:], quote=False))
    return f'<p class="plain">{"".join(parts)}</p>'


def _trimmed(address: str) -> str:
    """The address without the signs that end a sentence around it."""
    while address and address[-1] in _AFTER:
        if address[-1] == ")" and address.count("(") >= address.count(")"):
            break
        address = address[:-1]
    return address


def _anchor(address: str) -> str:
    return (
        f'<a target="_blank" href="{escape(address)}" rel="nofollow noopener noreferrer">'
        f"{escape(address, quote=False)}</a>"
    )
