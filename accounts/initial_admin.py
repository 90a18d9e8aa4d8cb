"""Create and use the one-time link for the first administrator."""

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.urls import reverse

from accounts import emails
from accounts.models import SetupLink, User

LIFETIME = timedelta(hours=24)


def is_needed() -> bool:
    """Return whether there is no active administrator."""
    return not User.objects.filter(is_superuser=True, is_active=True).exists()


def create_link() -> str:
    """Create a link, which replaces an older one, and return its URL under SITE_URL."""
    token = secrets.token_urlsafe(32)
    row = SetupLink(token_hash=hash_token(token), expires=Now() + LIFETIME)
    # One statement on the only row, so that processes that start together leave one link.
    SetupLink.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["token_hash", "expires"]
    )
    return f"{settings.SITE_URL}{reverse('accounts_setup', args=[token])}"


def is_open(token: str) -> bool:
    """Return whether the link is valid, unused and not expired, and there is no administrator."""
    return usable_links(token).exists() and is_needed()


def usable_links(token: str) -> QuerySet[SetupLink]:
    """Return the link with this token if it has not expired, as a queryset."""
    return SetupLink.objects.filter(token_hash=hash_token(token), expires__gt=Now())


def create_administrator(token: str, email: str, password: str, person: User | None) -> User | None:
    """Delete the link and create the administrator, in one transaction.

    `person` is the signed-in user, if any: if `email` is theirs, they become the administrator with
    the new password. Returns None if the link has been used meanwhile. Raises IntegrityError if
    another user has taken the address meanwhile; the link then stays valid.
    """
    with transaction.atomic():
        # Of two concurrent requests the second waits here for the first one's commit, and then
        # deletes nothing.
        deleted, _ = usable_links(token).delete()
        if not deleted or not is_needed():
            return None
        if person and person.email == email:
            user = promote(person, password)
        else:
            user = User.objects.create_superuser(email, password)
        emails.mark_verified(user)
        return user


def promote(person: User, password: str) -> User:
    """Make an existing user an administrator with this password."""
    person.is_staff = person.is_superuser = True
    person.set_password(password)
    person.save(update_fields=["is_staff", "is_superuser", "password"])
    return person


def hash_token(token: str) -> str:
    """Return the hash to store: a token of 256 random bits needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
