"""Known devices: browsers that have signed in to an account with its present password.

Five wrong passwords from a stranger must not lock out the owner, so attempts from a known device
are counted separately. A signed cookie identifies the device. For each account it contains a random
name and a code, which only this server can compute, and which depends on the present password.
"""

import secrets
from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import User

COOKIE = "chat_device"
# The maximum that browsers accept; each sign-in renews it.
SECONDS = 400 * 24 * 60 * 60
SALT = "accounts.devices"
# Accounts in one browser's cookie: those that signed in last.
MAX_ACCOUNTS = 5
# The only pages that ask for passwords.
PATH = "/accounts/"

Entry = tuple[str, str]


def known_device(request: HttpRequest, user: User) -> str:
    """Return the name of the request's device if `user` has signed in on it, else ""."""
    for name, code in entries(request):
        if constant_time_compare(code, code_of(user, name)):
            return name
    return ""


def entries(request: HttpRequest) -> list[Entry]:
    """Return the names and codes in the device's cookie; none if its signature is invalid."""
    try:
        stored: Any = signing.loads(request.COOKIES.get(COOKIE, ""), salt=SALT, max_age=SECONDS)
        return [(str(name), str(code)) for name, code in stored]
    except (signing.BadSignature, ValueError, TypeError):
        return []


def code_of(user: User, name: str) -> str:
    """Return the code that ties a device name to an account and its password."""
    value = f"{user.pk}:{user.password}:{name}"
    return str(salted_hmac(SALT, value, algorithm="sha256").hexdigest()[:32])


def remember_device(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Set the cookie that makes the device known to `user`, and keep the entries of others."""
    name = secrets.token_urlsafe(12)
    others = [(other, code) for other, code in entries(request) if code != code_of(user, other)]
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
