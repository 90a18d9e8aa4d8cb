"""What every page needs to know; costs no query."""

from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")


class SiteContext(TypedDict):
    """`theme` is light, dark or auto; `mail_is_printed` says that mail goes to the console."""

    signup_open: bool
    mail_is_printed: bool
    theme: str


def site(request: HttpRequest) -> SiteContext:
    theme = request.COOKIES.get("theme", "")
    return {
        "signup_open": settings.SIGNUP_OPEN,
        "mail_is_printed": settings.EMAIL_BACKEND.endswith(".console.EmailBackend"),
        "theme": theme if theme in THEMES else "auto",
    }
