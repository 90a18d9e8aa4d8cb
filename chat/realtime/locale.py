"""Language and time zone of a socket: those of the browser, as on its pages."""

from typing import Any

from django.conf import settings
from django.http import parse_cookie
from django.utils import timezone, translation
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from core.web.middleware import find_time_zone


def activate_browser_locale(scope: dict[str, Any]) -> None:
    """Hold for the task that calls this, and for those that it starts."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    cookies = parse_cookie(headers.get(b"cookie", ""))
    wished = cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
    translation.activate(choose_language(wished, headers.get(b"accept-language", "")))
    zone = find_time_zone(cookies.get("tz", ""))
    if zone is not None:
        timezone.activate(zone)


def choose_language(wished: str, accepted: str) -> str:
    """The best of our languages, in the order in which LocaleMiddleware looks."""
    for code in (wished, *(code for code, _ in parse_accept_lang_header(accepted.lower()))):
        if code == "*":
            break
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return settings.LANGUAGE_CODE
