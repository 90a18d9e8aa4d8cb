"""`{% icon "plus" %}`: an icon of `static/icons.svg`; `{% sprite %}` puts all of them on the page.

The sprite stands in the document: as a file of its own it is a request, and a second document that
the browser parses and lays out beside the page. A page has dozens of icons, so each is made once.
"""

import re
from functools import cache

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Ids of the page's own elements are words, too.
PREFIX = "i-"


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """The icon of this name, hidden from screen readers: the control around it has a name."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="#{}{}"/></svg>',
        PREFIX,
        name,
    )


@register.simple_tag
@cache
def sprite() -> SafeString:
    """All icons, shown nowhere by themselves."""
    file = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    symbols = "".join(re.findall(r"<symbol .*?</symbol>", file, re.DOTALL))
    named = symbols.replace('<symbol id="', f'<symbol id="{PREFIX}')
    return mark_safe(f"<div hidden><svg>{named}</svg></div>")  # noqa: S308 (a file of ours)
