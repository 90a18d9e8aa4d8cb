"""Translate the few labels that the Markdown renderer itself puts into an answer.

Finished HTML is stored once for readers of every language, with these labels in English. What else
can be done with a code block than copying it is added here too, as it is nothing that is stored.
"""

import re
from functools import lru_cache
from html import escape

from django.utils import translation
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from core.web.icons import icon

# HTML with such a label contains at least one of these; most HTML contains none.
MARKS = (
    "markdown-alert-title",
    'class="code-copy"',
    'type="checkbox"',
    "footnote-backref",
    'class="picture"',
)
CODE_COPY = '<button type="button" class="code-copy" data-copy>'
ALERT_TITLE = '<p class="markdown-alert-title" dir="auto">'
# Every string that is replaced, here and in `label_pairs`, contains a character that is escaped in
# text, so no text of an answer can match it.
BACK = re.compile(
    r'(<a href="#[\w-]+" class="footnote-backref" aria-label=")Back to reference (\d+(?:-\d+)?)"'
)


def localize_html(html: str) -> str:
    """Return the renderer's safe HTML with its labels in the current language."""
    translations = label_translations(get_language())
    if not translations or not any(mark in html for mark in MARKS):
        return html
    for english, translated in translations:
        html = html.replace(english, translated)
    if "footnote-backref" in html:
        html = BACK.sub(translate_back_label, html)
    return html


def translate_back_label(match: re.Match[str]) -> str:
    """Return the start tag of a footnote's back link with its label translated."""
    label = _("Back to reference %(number)s") % {"number": match[2]}
    return f'{match[1]}{escape(label)}"'


@lru_cache(maxsize=16)
def label_translations(language: str | None) -> tuple[tuple[str, str], ...]:
    """Return the English labels with their markup, each with its translation into `language`."""
    with translation.override(language):
        return tuple(
            (english, translated) for english, translated in label_pairs() if english != translated
        )


def label_pairs() -> list[tuple[str, str]]:
    """Return each label with its markup, in English and in the current language."""
    alerts = (
        ("Note", pgettext("alert", "Note")),
        ("Tip", pgettext("alert", "Tip")),
        ("Important", pgettext("alert", "Important")),
        ("Warning", pgettext("alert", "Warning")),
        ("Caution", pgettext("alert", "Caution")),
    )
    return [
        *(
            label_pair(f'-{label.lower()}">{ALERT_TITLE}', label, "</p>", title)
            for label, title in alerts
        ),
        (f"{CODE_COPY}Copy</button>", f"{code_tools()}{CODE_COPY}{escape(_('Copy'))}</button>"),
        label_pair('<input type="checkbox" disabled checked aria-label="', "Done", '">', _("Done")),
        label_pair('<input type="checkbox" disabled aria-label="', "To do", '">', _("To do")),
        label_pair(
            'class="picture" rel="nofollow noopener noreferrer">', "image", "</a>", _("image")
        ),
    ]


def code_tools() -> str:
    """Return the buttons beside "Copy"; the page shows the first one where lines are too long."""
    wrap, download = escape(_("Wrap lines")), escape(_("Download"))
    return (
        '<button type="button" class="code-tool code-wrap" data-wrap aria-pressed="false" '
        f'aria-label="{wrap}" title="{wrap}">{icon("wrap-text")}</button>'
        '<button type="button" class="code-tool" data-download '
        f'aria-label="{download}" title="{download}">{icon("download")}</button>'
    )


def label_pair(before: str, label: str, after: str, translated: str) -> tuple[str, str]:
    """Return the markup with the English label, and with its translation."""
    return before + label + after, before + escape(translated) + after
