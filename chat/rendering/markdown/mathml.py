"""LaTeX formulas -> MathML, with a whitelist of its own."""

import re
from functools import lru_cache
from html import escape, unescape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

MAX_LENGTH = 2_000
"""Characters of one formula; a longer one is shown as source."""

# MathML Core (https://www.w3.org/TR/mathml-core/) and `menclose`, without links and actions.
_ELEMENTS_NAMES = """
math mrow mi mn mo ms mtext mspace mstyle mphantom mfrac msqrt mroot msup msub msubsup mover
munder munderover mmultiscripts mprescripts mtable mtr mtd menclose
"""
ELEMENTS = frozenset(_ELEMENTS_NAMES.split())
_ATTRIBUTES_NAMES = """
accent accentunder columnalign columnlines columnspacing display displaystyle fence form
linethickness mathvariant maxsize minsize movablelimits notation rowspacing scriptlevel separator
stretchy width
"""
ATTRIBUTES = frozenset(_ATTRIBUTES_NAMES.split())
_LENGTH = r"\d{0,2}(?:\.\d{1,4})?(?:em|ex|pt|px|mu)?"
_VALUE = re.compile(rf"[a-z-]+(?: [a-z-]+)*|{_LENGTH}(?: {_LENGTH})*")
# Environments that the library does not know, and those whose line numbers nobody asked for.
_ALIGNED = re.compile(r"\\(begin|end)\{(?:align|aligned|gather|gathered|eqnarray)\*?\}")
_EQUATION = re.compile(r"\\(?:begin|end)\{(?:equation|displaymath|multline)\*?\}")
_SPACE = "\t\n\r "


def formula(latex: str, *, display: bool) -> str:
    """Return MathML, or the source as code where LaTeX is too long or cannot be read."""
    latex = latex.strip()
    made = _convert(latex, display) if 0 < len(latex) <= MAX_LENGTH else ""
    return made or source(latex)


def source(latex: str) -> str:
    """A formula that is shown as it was written."""
    return f'<code class="math-source">{escape(latex, quote=False)}</code>'


@lru_cache(maxsize=512)
def _convert(latex: str, display: bool) -> str:
    latex = _EQUATION.sub("", _ALIGNED.sub(r"\\\1{align*}", latex))
    try:
        element = convert_to_element(latex, display="block" if display else "inline")
        return _serialise(element)
    except Exception:  # the library raises what it likes, RecursionError included
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
    # The library hands over symbols as character references, and other text as it was written.
    return escape(unescape(text or "").strip(_SPACE), quote=False)
