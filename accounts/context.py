"""The context processor for all pages; it runs no query."""

from typing import TypedDict

from django.conf import settings
from django.http import HttpRequest

# The first value is the one without a cookie. static/js/preferences.js stores them.
THEMES = ("auto", "light", "dark")
APPEARANCES = ("default", "classic")
SIDEBARS = ("open", "closed")


class Look(TypedDict):
    """How a person wants pages to look: values of THEMES, APPEARANCES and SIDEBARS."""

    theme: str
    appearance: str
    sidebar: str


class SiteContext(Look):
    """Template variables of every page.

    `mail_is_printed` means that mail goes to the console instead of a mail server.
    """

    signup_open: bool
    mail_is_printed: bool


def site(request: HttpRequest) -> SiteContext:
    """Return the template variables of every page."""
    return {
        **read_look(request),
        "signup_open": settings.SIGNUP_OPEN,
        "mail_is_printed": settings.EMAIL_BACKEND.endswith(".console.EmailBackend"),
    }


def read_look(request: HttpRequest) -> Look:
    """Return what the person chose in this browser."""
    return {
        "theme": read_choice(request, "theme", THEMES),
        "appearance": read_choice(request, "appearance", APPEARANCES),
        "sidebar": read_choice(request, "sidebar", SIDEBARS),
    }


def read_choice(request: HttpRequest, name: str, choices: tuple[str, ...]) -> str:
    """Return the value of the cookie, or the first choice if it is none of them."""
    value = request.COOKIES.get(name, "")
    return value if value in choices else choices[0]
