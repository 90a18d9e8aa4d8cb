"""The one-time link that makes the first administrator."""

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
    """Whether nobody can open the admin yet."""
    return not User.objects.filter(is_superuser=True, is_active=True).exists()


def create_link() -> str:
    """Make a link and let older ones lapse; returns its absolute address under SITE_URL."""
    token = secrets.token_urlsafe(32)
    row = SetupLink(token_hash=hash_token(token), expires=Now() + LIFETIME)
    # One statement on the only row, so that processes that start together end with one link.
    SetupLink.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["token_hash", "expires"]
    )
    return f"{settings.SITE_URL}{reverse('accounts_setup', args=[token])}"


def is_open(token: str) -> bool:
    """Whether this link may be used: known, unused, not expired, and still needed."""
    return usable_links(token).exists() and is_needed()


def usable_links(token: str) -> QuerySet[SetupLink]:
    return SetupLink.objects.filter(token_hash=hash_token(token), expires__gt=Now())


def create_administrator(token: str, email: str, password: str, person: User | None) -> User | None:
    """Use the link up and make the administrator, both or neither.

    `person` is who is signed in: with their own address they become the administrator with the
    new password. Returns None when the link was used meanwhile. Raises IntegrityError when
    somebody else took the address meanwhile; the link then still works.
    """
    with transaction.atomic():
        # The row count says who won: a second click waits here for the first one's commit.
        used, _ = usable_links(token).delete()
        if not used or not is_needed():
            return None
        if person and person.email == email:
            user = promote(person, password)
        else:
            user = User.objects.create_superuser(email, password)
        emails.mark_verified(user)
        return user


def promote(person: User, password: str) -> User:
    person.is_staff = person.is_superuser = True
    person.set_password(password)
    person.save(update_fields=["is_staff", "is_superuser", "password"])
    return person


def hash_token(token: str) -> str:
    """What is stored: a token of 256 random bits needs no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
