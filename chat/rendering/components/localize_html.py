"""The few words that the renderer itself puts into an answer, in the language of whoever looks.

Finished HTML is stored once, for readers of every language, with the words in English.
"""

import re
from functools import lru_cache
from html import escape

from django.utils import translation
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

# One of these is in any HTML that holds such a word; most holds none.
MARKS = (
    "markdown-alert-title",
    'class="code-copy"',
    'type="checkbox"',
    "footnote-backref",
    'class="picture"',
)
# A sign that text can only have escaped is in each of these, so no text looks like them.
BACK = re.compile(
    r'(<a href="#[\w-]+" class="footnote-backref" aria-label=")Back to reference (\d+(?:-\d+)?)"'
)


def localize_html(html: str) -> str:
    """Safe HTML of the renderer -> the same with its own words in the current language."""
    words = label_translations(get_language())
    if not words or not any(mark in html for mark in MARKS):
        return html
    for made, wanted in words:
        html = html.replace(made, wanted)
    if "footnote-backref" in html:
        html = BACK.sub(translate_back_label, html)
    return html


def translate_back_label(match: re.Match[str]) -> str:
    label = _("Back to reference %(number)s") % {"number": match[2]}
    return f'{match[1]}{escape(label)}"'


@lru_cache(maxsize=16)
def label_translations(language: str | None) -> tuple[tuple[str, str], ...]:
    """What the renderer makes and what `language` has in its place."""
    with translation.override(language):
        return tuple((made, wanted) for made, wanted in pairs() if made != wanted)


def pairs() -> list[tuple[str, str]]:
    """Each word with its markup, as it is made and in the current language."""
    alerts = (
        ("Note", pgettext("alert", "Note")),
        ("Tip", pgettext("alert", "Tip")),
        ("Important", pgettext("alert", "Important")),
        ("Warning", pgettext("alert", "Warning")),
        ("Caution", pgettext("alert", "Caution")),
    )
    return [
        *(
            label_pair(f'-{word.lower()}"><p class="markdown-alert-title">', word, "</p>", wanted)
            for word, wanted in alerts
        ),
        label_pair('class="code-copy" data-copy>', "Copy", "</button>", _("Copy")),
        label_pair('<input type="checkbox" disabled checked aria-label="', "Done", '">', _("Done")),
        label_pair('<input type="checkbox" disabled aria-label="', "To do", '">', _("To do")),
        label_pair(
            'class="picture" rel="nofollow noopener noreferrer">', "image", "</a>", _("image")
        ),
    ]


def label_pair(before: str, word: str, after: str, wanted: str) -> tuple[str, str]:
    return before + word + after, before + escape(wanted) + after
