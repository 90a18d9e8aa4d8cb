"""Templates rendered once for each language and shape; what is personal is filled in afterwards.

Rendering a line of the sidebar takes Django 0.3 ms, filling its mould some microseconds. A mould
outlives the request, so nothing but its key decides what it is:

- It is rendered in the language of the key, at the site's own root and in its own time zone,
  whatever the request that came first says of itself.
- The key holds only values of which there are a few: flags, states, words of ours. Ids, titles,
  texts, numbers, tokens and everything that a person chooses are slots, which are in no key.
- Each template has a cache of its own, so that none pushes out another one's moulds.
"""

import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from secrets import token_hex
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Model
from django.template.loader import render_to_string
from django.urls import get_script_prefix, set_script_prefix
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

if TYPE_CHECKING:
    from functools import _lru_cache_wrapper

# Stands for an id where a template makes an address or a name of it: holes `id` and `key` (hex).
ANY_ID = UUID("e0e1e2e3-e4e5-4e6e-8e7e-e0e1e2e3e4e5")
# Signs of a private plane of Unicode and a word that nobody can have written.
SECRET = token_hex(8)
SLOT = re.compile(f"\ue000{SECRET}([a-z_0-9]+)\ue001")
# Moulds of one template, for every language together. The busiest one has 60 a language.
MOST_OF_A_TEMPLATE = 512

Mould = tuple[str, ...]
Context = tuple[tuple[str, Hashable], ...]


@cache
def slot(name: str) -> SafeString:
    """What a template gets in place of a value."""
    return mark_safe(f"\ue000{SECRET}{name}\ue001")  # noqa: S308 (a name of ours)


def slots(values: Iterable[str]) -> dict[str, SafeString]:
    """A hole for each of these names."""
    return {name: slot(name) for name in values}


def render_cached(
    template: str, context: Mapping[str, Hashable], values: Mapping[str, str]
) -> SafeString:
    """The template with `context`, and `values`, which are HTML, in its holes.

    Raises KeyError for a hole without a value, TypeError for what does not belong into a key.
    """
    parts = moulds_of(template)(translation.get_language(), tuple(context.items()))
    found = [values[part] if place % 2 else part for place, part in enumerate(parts)]
    return mark_safe("".join(found))  # noqa: S308 (templates and escaped values)


@cache
def moulds_of(template: str) -> "_lru_cache_wrapper[Mould]":
    """The cache of one template; its name is one of ours."""

    @lru_cache(maxsize=MOST_OF_A_TEMPLATE)
    def mould(language: str | None, context: Context) -> Mould:
        check_key(context)
        return cut(render_alike(template, language, dict(context)))

    return mould


def check_key(value: object) -> None:
    """Raises TypeError for a row, which is equal to others by its id whatever it holds, and for ids
    and numbers, of which there is no end: in a key each of them would be a mould of its own."""
    if is_dataclass(value):
        value = tuple(getattr(value, field.name) for field in fields(value))
    if isinstance(value, tuple):
        for part in value:
            check_key(part)
    elif isinstance(value, (Model, UUID, float)) and value != ANY_ID:
        raise TypeError(f"{type(value).__name__} in the key of a mould")
    elif isinstance(value, int) and abs(value) > 1:
        raise TypeError("a number in the key of a mould")


def render_alike(template: str, language: str | None, context: dict[str, Hashable]) -> str:
    """Render without anything that belongs to the request that happens to be the first."""
    prefix = get_script_prefix()
    set_script_prefix("/")
    try:
        with translation.override(language), timezone.override(None):
            return str(render_to_string(template, context))
    finally:
        set_script_prefix(prefix)


def cut(html: str) -> Mould:
    """The rendered template cut at its holes: text, name of a hole, text, and so on."""
    html = html.replace(str(ANY_ID), slot("id")).replace(ANY_ID.hex, slot("key"))
    return tuple(SLOT.split(html))
