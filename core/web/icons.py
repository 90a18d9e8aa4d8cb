"""Template tags for the icons in `static/icons.svg`: `{% icon "plus" %}` and `{% sprite %}`.

The sprite is part of the page: a separate file would cost a request, and the browser would parse
and lay out a second document. A page has dozens of icons, so the markup of each one is cached.
"""

import re
from functools import cache

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

# Keeps the ids of icons apart from those of the page's elements.
PREFIX = "i-"


@register.simple_tag
@cache
def icon(name: str) -> SafeString:
    """Return the markup of an icon, hidden from screen readers: its control has a label."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="#{}{}"></use></svg>',
        PREFIX,
        name,
    )


@register.simple_tag
@cache
def sprite() -> SafeString:
    """Return the hidden element that defines all icons."""
    source = (settings.BASE_DIR / "static" / "icons.svg").read_text()
    symbols = "".join(re.findall(r"<symbol .*?</symbol>", source, re.DOTALL))
    prefixed = symbols.replace('<symbol id="', f'<symbol id="{PREFIX}')
    return mark_safe(f"<div hidden><svg>{prefixed}</svg></div>")  # noqa: S308 (our own file)
