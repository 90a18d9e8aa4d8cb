"""Cache rendered templates per language and shape, and fill in personal values afterwards.

Django needs 0.3 ms to render a row of the sidebar; filling the slots of a compiled template takes
some microseconds. A compiled template outlives the request, so it depends on its cache key alone:

- It is rendered in the language of the key, at the site's own root and in the site's own time zone,
  whatever the first request asks for.
- The key holds only values from small sets: flags, states and words of our own. Ids, titles, texts,
  numbers, tokens and everything that a person chooses are slots, whose values are in no key.
- Each template has a cache of its own, so that none evicts the entries of another.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from secrets import token_hex
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

# Stands for an id from which a template builds a URL or an element id; `split_at_slots` replaces it
# by the slots `id` and `key` (hex).
ANY_ID = UUID("e0e1e2e3-e4e5-4e6e-8e7e-e0e1e2e3e4e5")
# Private-use characters and a random token, which no text can contain by chance or intent.
SECRET = token_hex(8)
SLOT = re.compile(f"\ue000{SECRET}([a-z_0-9]+)\ue001")
# Cache entries per template, for all languages together. The template with the most variants has 60
# per language.
MOST_OF_A_TEMPLATE = 512

# Text and slot names in turn, starting and ending with text.
CompiledTemplate = tuple[str, ...]
Context = tuple[tuple[str, Hashable], ...]


@cache
def slot(name: str) -> SafeString:
    """Return the marker that a template renders in place of a value."""
    return mark_safe(f"\ue000{SECRET}{name}\ue001")  # noqa: S308 (a name of ours)


def slots(names: Iterable[str]) -> dict[str, SafeString]:
    """Return a template context with a slot for each name."""
    return {name: slot(name) for name in names}


def render_cached(
    template: str, context: Mapping[str, Hashable], values: Mapping[str, str]
) -> SafeString:
    """Render the template with `context` and fill its slots with `values`, which are HTML.

    Raises KeyError for a slot without a value, TypeError for a context value that must not be part
    of a cache key.
    """
    parts: CompiledTemplate = compiled_templates(template)(
        translation.get_language(), tuple(context.items())
    )
    html = "".join(values[part] if index % 2 else part for index, part in enumerate(parts))
    return mark_safe(html)  # noqa: S308 (templates and escaped values)


@cache
def compiled_templates(template: str) -> Any:
    """Return the cached compile function of one template; names are never user input."""

    @lru_cache(maxsize=MOST_OF_A_TEMPLATE)
    def compile_template(language: str | None, context: Context) -> CompiledTemplate:
        check_key(context)
        return split_at_slots(render_for_cache(template, language, dict(context)))

    return compile_template


def check_key(value: object) -> None:
    """Raise TypeError for a value that must not be part of a cache key.

    A model instance equals any other with the same id, whatever its fields hold. Ids and numbers
    are unbounded, and each would add an entry of its own.
    """
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple):
        for part in value:
            check_key(part)
    elif isinstance(value, (Model, UUID, float)) and value != ANY_ID:
        raise TypeError(f"{type(value).__name__} in a cache key")
    elif isinstance(value, int) and abs(value) > 1:
        raise TypeError("number in a cache key")


def render_for_cache(template: str, language: str | None, context: dict[str, Hashable]) -> str:
    """Render the template independently of the current request."""
    prefix = get_script_prefix()
    set_script_prefix("/")
    try:
        with translation.override(language), timezone.override(None):
            return str(render_to_string(template, context))
    finally:
        set_script_prefix(prefix)


def split_at_slots(html: str) -> CompiledTemplate:
    """Split the rendered template into text, slot name, text, and so on."""
    html = html.replace(str(ANY_ID), slot("id")).replace(ANY_ID.hex, slot("key"))
    return tuple(SLOT.split(html))
