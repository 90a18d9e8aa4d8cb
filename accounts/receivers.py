"""Mark requests that sign a user in or out; accounts.middleware reads the marks."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from accounts.models import User


def note_password(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """Mark the request after a sign-in or a password change, to remember the device."""
    if request is not None:
        request.has_proved_password_of = user  # type: ignore[attr-defined]


def note_sign_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """Mark the request after a sign-out, and rotate the CSRF token.

    The token changes with each sign-in and sign-out, which tells open pages that they are stale.
    """
    if request is not None and user is not None:
        request.has_signed_out = True  # type: ignore[attr-defined]
        rotate_token(request)
