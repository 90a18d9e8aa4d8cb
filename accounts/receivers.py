"""What follows from signing in and out; accounts.middleware puts it into the answer."""

from typing import Any

from django.http import HttpRequest
from django.middleware.csrf import rotate_token

from accounts.models import User


def note_password(request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """The person has signed in, or chosen a password, on this device."""
    if request is not None:
        request.has_proved_password_of = user  # type: ignore[attr-defined]


def note_sign_out(request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """The token changes with each sign-in and sign-out: pages tell by it that they are old."""
    if request is not None and user is not None:
        request.has_signed_out = True  # type: ignore[attr-defined]
        rotate_token(request)
