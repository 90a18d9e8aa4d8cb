"""Plain words at the end of an open block. They stand on the page as they are, so that neither the
parser nor the sanitiser have to see the block again: most pieces of prose are no more than that.
"""

import re

_PLAIN = re.compile(r"""(?:[^\W_]|[ ,.;?'"()-])*""")
# How text ends that words go on from: by no sign of emphasis, code or a link, open or closed.
_END = re.compile(r"""[^\W_][,.;?'")]*\Z""")
_BLOCKS = ("p", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote")
_CLOSINGS = frozenset(f"</{name}>" for name in _BLOCKS)
# The beginning of an address: what follows makes a link of it.
_ADDRESS = re.compile(r"[:/@]|www", re.I)


def is_shown(source: str, shown: str) -> bool:
    """Whether all of an open block's source was given to the parser as it is (`shown`), and makes
    text: what has brackets may be a definition, which makes none."""
    return shown.rstrip(" ") == source.rstrip(" ") and "[" not in source


def appended(html: str, source: str, piece: str) -> str | None:
    """The HTML of a block with `piece` behind its `source`, of which `is_shown` holds; None where
    the parser has to say what becomes of it."""
    if not _PLAIN.fullmatch(piece):
        return None
    text = source.rstrip(" ")
    word = text[max(text.rfind(" "), text.rfind("\n")) + 1 :]
    end = _end_of_text(html)
    if not html.endswith(word, 0, end) or not _END.search(word) or _ADDRESS.search(word + piece):
        return None
    more = source[len(text) :] + piece
    return html[:end] + more.rstrip(" ") + html[end:]


def _end_of_text(html: str) -> int:
    """Where the end tags of blocks at the end begin."""
    end = len(html)
    while (begin := html.rfind("</", 0, end)) >= 0 and html[begin:end] in _CLOSINGS:
        end = begin
    return end
