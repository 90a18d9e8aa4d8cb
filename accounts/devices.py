"""Devices that an account knows: each has signed in to it with its present password.

Five wrong passwords of a stranger must not keep the owner out, so that what a known device tries
is counted apart. It knows itself by a signed cookie, which holds for each account a random name
and a code that only this server can make, and only for the account's present password.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

COOKIE = "chat_device"
# What browsers grant at most; each sign-in begins it anew.
SECONDS = 400 * 24 * 60 * 60
SALT = "accounts.devices"
# Accounts of one browser, those that signed in last.
MAX_ACCOUNTS = 5
# The only pages that ask for passwords.
PATH = "/accounts/"

Entry = tuple[str, str]


def known_device(request: HttpRequest, user: User) -> str:
    """The name of the request's device if `user` has signed in on it, else ""."""
    for name, code in entries(request):
        if constant_time_compare(code, code_of(user, name)):
            return name
    return ""


def entries(request: HttpRequest) -> list[Entry]:
    """What the device's cookie holds; nothing for one that we did not make."""
    try:
        stored: Any = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
        return [(str(name), str(code)) for name, code in stored]
    except (signing.BadSignature, ValueError, TypeError):
        return []


def code_of(user: User, name: str) -> str:
    """Binds a device to an account and to its password."""
    value = f"{user.pk}:{user.password}:{name}"
    return str(salted_hmac(SALT, value, algorithm="sha256").hexdigest()[:32])


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Make the device known to the account, and keep what other accounts know of it."""
    name = secrets.token_urlsafe(12)
    others = [(old, code) for old, code in entries(request) if code != code_of(user, old)]
    value = [(name, code_of(user, name)), *others][:MAX_ACCOUNTS]
    response.set_cookie(
        COOKIE,
        signing.dumps(value, salt=SALT),
        max_age=SECONDS,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
