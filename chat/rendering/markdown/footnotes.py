"""Number the parser's footnote marks and notes.

comrak builds its anchors from the label, which is text from the model. Ours contain numbers only.
"""

import re
from collections import Counter
from collections.abc import Iterable

_REFERENCE = re.compile(
    r'<sup [^>]*class="footnote-ref"><a href="#fn-([^"]*)" id="[^"]*" data-footnote-ref>'
    r"(\d+)</a></sup>"
)
_NOTE = re.compile(r'<li [^>]*?\bid="fn-[^"]*">')
_BACK = re.compile(
    r'<a href="#fnref-[^"]*" class="footnote-backref" data-footnote-backref '
    r'data-footnote-backref-idx="(\d+(?:-\d+)?)"'
)
_SECTION = re.compile(r"<section\b[^>]*data-footnotes>")
_DEFINED = re.compile(r"^ {0,3}\[\^(\d{1,3}|[A-Za-z]\w{0,30})\]:", re.ASCII | re.MULTILINE)
_LABEL = re.compile(r"\[\^(\d{1,3}|[A-Za-z]\w{0,30})\]", re.ASCII)


def number_footnotes(html: str) -> str:
    """Return raw HTML of a complete text with anchors `fn-N` and `fnref-N`, `fnref-N-2` etc."""
    section = _SECTION.search(html)
    if section is None:
        return html
    uses: Counter[str] = Counter()

    def reference(match: re.Match[str]) -> str:
        uses[match[2]] += 1
        suffix = f"-{uses[match[2]]}" if uses[match[2]] > 1 else ""
        return (
            f'<sup class="footnote-ref"><a href="#fn-{match[2]}" id="fnref-{match[2]}{suffix}">'
            f"{match[2]}</a></sup>"
        )

    body, notes = html[: section.start()], html[section.start() :]
    return _REFERENCE.sub(reference, body) + _number_notes(_REFERENCE.sub(reference, notes))


def _number_notes(html: str) -> str:
    numbers = iter(range(1, html.count("<li ") + 1))
    html = _NOTE.sub(lambda _: f'<li id="fn-{next(numbers)}">', html)
    return _BACK.sub(r'<a href="#fnref-\1" class="footnote-backref"', html)


def find_labels(source: str) -> Iterable[str]:
    """Return the distinct labels of the footnote marks in the source, in order."""
    return dict.fromkeys(_LABEL.findall(source))


def undefined_labels(source: str) -> list[str]:
    """Return the labels with a mark but no note in the source."""
    defined = set(_DEFINED.findall(source))
    return [label for label in find_labels(source) if label not in defined]


class FootnoteNumbers:
    """Footnote numbers of a text that is still being written, in order of the first mark."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def apply(self, html: str) -> str:
        """Return raw HTML of one part without its notes, with marks numbered across the text."""
        section = _SECTION.search(html)
        if section is None:
            return html
        return _REFERENCE.sub(self._reference, html[: section.start()])

    def _reference(self, match: re.Match[str]) -> str:
        number = self._numbers.setdefault(match[1], len(self._numbers) + 1)
        return f'<sup class="footnote-ref"><a href="#fn-{number}">{number}</a></sup>'
