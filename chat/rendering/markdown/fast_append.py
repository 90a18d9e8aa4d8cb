"""Append plain words to the HTML of the open block without parsing or sanitising it again.

Most chunks of prose consist of such words only, so this is the common case.
"""

import re

from chat.rendering.markdown.direction import may_isolate

_PLAIN = re.compile(r"""(?:[^\W_]|[ ,.;?'"()-])*""")
# An ending that words can simply follow: no mark of emphasis, code or a link, open or closed.
_END = re.compile(r"""[^\W_][,.;?'")]*\Z""")
_BLOCKS = ("p", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
_END_TAGS = frozenset(f"</{name}>" for name in _BLOCKS)
# The beginning of an address, or of a formula, which the following characters decide.
_UNDECIDED = re.compile(r"[:/@$]|www", re.I)


def is_plain_text(source: str, parsed: str) -> bool:
    """Return whether the source was parsed unchanged (as `parsed`) and all of it renders as text.

    Source with brackets is excluded: it may be a link definition, which renders nothing.
    """
    return parsed.rstrip(" ") == source.rstrip(" ") and "[" not in source


def append_words(html: str, source: str, piece: str) -> str | None:
    """Return the HTML of a block with `piece` appended, or None if that needs the parser.

    `html` was rendered from `source`, for which `is_plain_text` must hold.
    """
    if not _PLAIN.fullmatch(piece) or may_isolate(source, piece):
        return None
    text = source.rstrip(" ")
    word = text[max(text.rfind(" "), text.rfind("\n")) + 1 :]
    end = _end_of_text(html)
    if not html.endswith(word, 0, end) or not _END.search(word) or _UNDECIDED.search(word + piece):
        return None
    addition = source[len(text) :] + piece
    return html[:end] + addition.rstrip(" ") + html[end:]


def _end_of_text(html: str) -> int:
    """Return the offset at which the final end tags of blocks begin."""
    end = len(html)
    while (start := html.rfind("</", 0, end)) >= 0 and html[start:end] in _END_TAGS:
        end = start
    return end
