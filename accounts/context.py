"""The context processor for all pages; it runs no query."""

from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")


class SiteContext(TypedDict):
    """Template variables; `theme` is light, dark or auto.

    `mail_is_printed` means that mail goes to the console instead of a mail server.
    """

    signup_open: bool
    mail_is_printed: bool
    theme: str


def site(request: HttpRequest) -> SiteContext:
    """Return the template variables of every page."""
    theme = request.COOKIES.get("theme", "")
    return {
        "signup_open": settings.SIGNUP_OPEN,
        "mail_is_printed": settings.EMAIL_BACKEND.endswith(".console.EmailBackend"),
        "theme": theme if theme in THEMES else "auto",
    }
