"""Render the line below the thread that says which choice applies only from the next answer."""

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from chat.rendering.components.patches import Patch


def next_answer_html(names: Iterable[str]) -> SafeString:
    """Return the line for the changed names (see `changed_names`), "" without any."""
    listed = " · ".join(_(name) for name in names)
    if not listed:
        return SafeString()
    sentence = _("Applies from the next answer: %(names)s") % {"names": listed}
    return mark_safe(f'<p dir="auto">{escape(sentence)}</p>')  # noqa: S308 (escaped)


def next_answer_patch(names: Iterable[str]) -> Patch:
    return Patch("innerHTML", "next-answer", next_answer_html(names))
