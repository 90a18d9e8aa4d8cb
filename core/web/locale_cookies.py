"""The cookies with the language and the time zone of a page.

A person's choice is in their row. It is also in a cookie, because both are needed before anybody
has read from the database whose request it is.
"""

import zoneinfo
from collections.abc import Mapping

from django.conf import settings

LANGUAGE = "language"
TIME_ZONE = "time_zone"
# The browser's own zone, written by static/js/preferences.js.
BROWSER_TIME_ZONE = "tz"


def chosen_language(cookies: Mapping[str, str]) -> str:
    """Return the code of the chosen language; "" if none was chosen or the site has not got it."""
    language = cookies.get(LANGUAGE, "")
    return language if language in dict(settings.LANGUAGES) else ""


def choose_time_zone(cookies: Mapping[str, str]) -> zoneinfo.ZoneInfo | None:
    """Return the chosen time zone, else the browser's; None, the server's own, without either."""
    chosen = find_time_zone(cookies.get(TIME_ZONE, ""))
    return chosen or find_time_zone(cookies.get(BROWSER_TIME_ZONE, ""))


def find_time_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the time zone with this name; None, the server's own zone, for an invalid name."""
    try:
        return zoneinfo.ZoneInfo(name) if 0 < len(name) < 64 else None
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None
