"""Convert Markdown to raw HTML with comrak, for CommonMark and GFM (https://comrak.ee)."""

import re

from comrak import ExtensionOptions, ParseOptions, RenderOptions, render_markdown

from chat.rendering.markdown import inline_tags, literals
from chat.rendering.markdown.dollars import DOLLAR, ITSELF
from chat.rendering.markdown.source import NONCHARACTERS

MAX_DEPTH = 60
"""Maximum nesting of elements. Browsers stop at 512, and sanitisers take quadratic time."""
MAX_MATH_MARKS = 3_000
"""Maximum opening marks of LaTeX math, because comrak searches for the end of each one."""
MAX_NOTES = 500
"""Maximum footnote marks, because each costs a link at the mark and one at the note."""

_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
_VOID = frozenset({"br", "hr", "img", "input"})


class NestingError(Exception):
    """Raised for text that nests deeper than a page can show."""


def to_html(source: str) -> str:
    """Return prepared source as HTML with source positions and with raw HTML escaped.

    The result still has to be sanitised. Raises NestingError for text that nests too deeply.
    """
    html = render_markdown(source, _extensions(source), _PARSE, _RENDER)
    if not source.isascii():  # it may hold marks
        html = literals.restore(inline_tags.restore(html))
    html = NONCHARACTERS.sub("", _restore_dollars(html))
    if html.count("<") > 2 * MAX_DEPTH and _depth(html) > MAX_DEPTH:
        raise NestingError
    return html


def _restore_dollars(html: str) -> str:
    """Undo `dollars.mark_prose`; `literals.restore` does that in the addresses of links."""
    return html.replace(DOLLAR, "$").replace(ITSELF, DOLLAR)


def _extensions(source: str) -> ExtensionOptions:
    marks = source.count("\\(") + source.count("\\[") if "\\" in source else 0
    if marks > MAX_MATH_MARKS or source.count("[^") > MAX_NOTES:
        return _PLAIN
    return _FULL


def _depth(html: str) -> int:
    depth = deepest = 0
    for match in _TAG.finditer(html):
        if match[1]:
            depth -= 1
        elif match[2] not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _options(names: str) -> ExtensionOptions:
    options = ExtensionOptions()
    for name in names.split():
        setattr(options, name, True)
    return options


def _render_options() -> RenderOptions:
    options = RenderOptions()
    options.escape = True
    options.sourcepos = True
    options.compact_html = True
    options.hardbreaks = True
    return options


def _parse_options() -> ParseOptions:
    options = ParseOptions()
    options.relaxed_autolinks = True  # hosts without a dot, IPv6, addresses in brackets
    return options


_COMMON = "alerts autolink cjk_friendly_emphasis strikethrough table tasklist"
_PLAIN = _options(_COMMON)
_FULL = _options(f"{_COMMON} footnotes math_dollars math_latex")
_PARSE = _parse_options()
_RENDER = _render_options()
