"""Footnote marks and notes of the parser, numbered instead of named.

comrak makes its anchors from the label, a word of the model; ours carry numbers only.
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


def numbered(html: str) -> str:
    """Raw HTML of a whole text, with anchors `fn-N` and `fnref-N`, `fnref-N-2` and so on."""
    section = _SECTION.search(html)
    if section is None:
        return html
    seen: Counter[str] = Counter()

    def reference(match: re.Match[str]) -> str:
        seen[match[2]] += 1
        again = f"-{seen[match[2]]}" if seen[match[2]] > 1 else ""
        return (
            f'<sup class="footnote-ref"><a href="#fn-{match[2]}" id="fnref-{match[2]}{again}">'
            f"{match[2]}</a></sup>"
        )

    body, notes = html[: section.start()], html[section.start() :]
    return _REFERENCE.sub(reference, body) + _notes(_REFERENCE.sub(reference, notes))


def _notes(html: str) -> str:
    count = iter(range(1, html.count("<li ") + 1))
    html = _NOTE.sub(lambda _: f'<li id="fn-{next(count)}">', html)
    return _BACK.sub(r'<a href="#fnref-\1" class="footnote-backref"', html)


def labels(source: str) -> Iterable[str]:
    """Labels of the footnote marks in the source, in their order, once each."""
    return dict.fromkeys(_LABEL.findall(source))


def undefined(source: str) -> list[str]:
    """The labels that have a mark in the source and no note there."""
    defined = set(_DEFINED.findall(source))
    return [label for label in labels(source) if label not in defined]


class Numbers:
    """Numbers of footnotes in a text that is still being written: in order of their first mark."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def apply(self, html: str) -> str:
        """Raw HTML of a part, with numbers that count through the text and without the notes."""
        section = _SECTION.search(html)
        if section is None:
            return html
        return _REFERENCE.sub(self._reference, html[: section.start()])

    def _reference(self, match: re.Match[str]) -> str:
        number = self._numbers.setdefault(match[1], len(self._numbers) + 1)
        return f'<sup class="footnote-ref"><a href="#fn-{number}">{number}</a></sup>'
