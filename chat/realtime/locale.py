"""Set the language and the time zone of a socket, as for HTTP requests."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, parse_cookie
from django.utils import timezone, translation

from core.web.locale_cookies import choose_time_zone, chosen_language


def activate_browser_locale(scope: dict[str, Any]) -> None:
    """Activate both for the current task, and for the tasks that it starts."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    cookies = parse_cookie(headers.get(b"cookie", ""))
    language = chosen_language(cookies) or cookies.get(settings.LANGUAGE_COOKIE_NAME, "")
    translation.activate(choose_language(language, headers.get(b"accept-language", "")))
    zone = choose_time_zone(cookies)
    if zone is not None:
        timezone.activate(zone)


def choose_language(wished: str, accepted: str) -> str:
    """Return the language that LocaleMiddleware would choose.

    `wished` is the language's cookie, `accepted` the Accept-Language header; either may be empty.
    """
    request = HttpRequest()
    request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = wished
    request.META["HTTP_ACCEPT_LANGUAGE"] = accepted
    return translation.get_language_from_request(request)
