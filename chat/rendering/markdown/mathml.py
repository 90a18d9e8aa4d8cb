"""Convert LaTeX formulas to MathML, with an allow-list for elements and attributes."""

import re
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

MAX_LENGTH = 2_000
"""Maximum characters in a formula; a longer one is shown as source."""

# MathML Core (https://www.w3.org/TR/mathml-core/) and `menclose`, without links and actions.
_ELEMENT_NAMES = """
math mrow mi mn mo ms mtext mspace mstyle mphantom mfrac msqrt mroot msup msub msubsup mover
munder munderover mmultiscripts mprescripts mtable mtr mtd menclose
"""
ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTE_NAMES = """
accent accentunder columnalign columnlines columnspacing display displaystyle fence form
linethickness mathvariant maxsize minsize movablelimits notation rowspacing scriptlevel separator
stretchy width
"""
ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_LENGTH = r"\d{0,2}(?:\.\d{1,4})?(?:em|ex|pt|px|mu)?"
_VALUE = re.compile(rf"[a-z-]+(?: [a-z-]+)*|{_LENGTH}(?: {_LENGTH})*")
# Environments that the library does not know, or for which it adds unwanted line numbers.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:align|aligned|gather|gathered|eqnarray)\*?\}")
_EQUATION = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|multline)\*?\}")
_SPACE = "\t\n\r "


def render_formula(latex: str, *, display: bool) -> str:
    """Return the formula as MathML, or as source if it is too long or not valid LaTeX."""
    latex = latex.strip()
    html = _convert(latex, display) if 0 < len(latex) <= MAX_LENGTH else ""
    return html or render_source(latex)


def render_source(latex: str) -> str:
    """Return the HTML of a formula that is shown as source."""
    return f'<code class="math-source">{escape(latex, quote=False)}</code>'


@lru_cache(maxsize=512)
def _convert(latex: str, display: bool) -> str:
    latex = _EQUATION.sub("", _ALIGNED.sub(r"\\\1{align*}", latex))
    try:
        element = convert_to_element(latex, display="block" if display else "inline")
        return _serialise(element)
    except Exception:  # the library raises many kinds, RecursionError included
        return ""


def _serialise(element: Element) -> str:
    name = element.tag if element.tag in ELEMENTS else "mrow"
    attributes = "".join(
        f' {key}="{value}"'
        for key, value in element.attrib.items()
        if key in ATTRIBUTES and _VALUE.fullmatch(value)
    )
    children = "".join(_serialise(child) for child in element)
    return f"<{name}{attributes}>{_text(element.text)}{children}</{name}>"


def _text(text: str | None) -> str:
    # The library returns symbols as character references, and other text unescaped.
    return escape(unescape(text or "").strip(_SPACE), quote=False)
