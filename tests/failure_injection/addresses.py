"""Every address of the site, from its URL patterns, with values that exist."""

import re
from collections.abc import Iterator, Mapping

from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RegexPattern

ROUTE_VALUE = re.compile(r"<(?:\w+:)?(\w+)>")
REGEX_VALUE = re.compile(r"\(\?P<(\w+)>[^)]*\)")


def addresses(values: Mapping[str, str]) -> list[str]:
    """One address for each pattern, `values` in place of its parameters.

    A value is looked up by "view name:parameter" of the pattern, then by the parameter alone.
    """
    found = [f"/{path}" for path in below(get_resolver(), values)]
    for path in found:
        resolve(path)
    return found


def below(resolver: URLResolver, values: Mapping[str, str]) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        own = text_of(pattern, values)
        if isinstance(pattern, URLPattern):
            yield own
        else:
            yield from (own + rest for rest in below(pattern, values))


def text_of(pattern: URLPattern | URLResolver, values: Mapping[str, str]) -> str:
    name = pattern.name if isinstance(pattern, URLPattern) else ""

    def value(match: re.Match[str]) -> str:
        return values.get(f"{name}:{match[1]}") or values[match[1]]

    if isinstance(pattern.pattern, RegexPattern):
        return REGEX_VALUE.sub(value, str(pattern.pattern)).strip("^$")
    return ROUTE_VALUE.sub(value, str(pattern.pattern))
