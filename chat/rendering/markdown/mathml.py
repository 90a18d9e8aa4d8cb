"""Convert LaTeX formulas to MathML, with an allow-list for elements, attributes and classes.

MathML is what browsers draw: https://www.w3.org/TR/mathml-core/. What they do not draw (boxes,
strokes, columns, colours) becomes a class for the style sheet. A formula that the library does not
understand in full is shown as its source.
"""

import re
from functools import lru_cache
from html import escape

from latex2mathml.converter import convert_to_element

from chat.rendering.markdown import math_tree
from chat.rendering.markdown.latex import prepare_latex, strip_comments

MAX_LENGTH = 2_000
"""Maximum characters in a formula; a longer one is shown as source."""

_BLANKS = re.compile(r"\s+")


def render_formula(latex: str, *, display: bool) -> str:
    """Return the formula as MathML, or as source if it is too long or not fully understood."""
    latex = latex.strip()
    html = _convert(latex, display) if 0 < len(latex) <= MAX_LENGTH else ""
    return html or render_source(latex)


def render_source(latex: str) -> str:
    """Return the HTML of a formula that is shown as source."""
    return f'<code class="math-source">{escape(latex, quote=False)}</code>'


@lru_cache(maxsize=512)
def _convert(latex: str, display: bool) -> str:
    style = "block" if display else "inline"
    try:
        element = convert_to_element(prepare_latex(latex), display=style)
        content = math_tree.serialise(element)
    except Exception:  # the library raises many kinds, RecursionError included
        return ""
    source = escape(_BLANKS.sub(" ", strip_comments(latex)).strip())
    return f'<math display="{style}" alttext="{source}">{content}</math>'
