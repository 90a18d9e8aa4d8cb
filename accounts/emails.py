"""Look up the owner of an email address, and mark addresses as verified without mail."""

from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from django.db.models import Q

from accounts.models import User


def is_taken(email: str, but_by: User | None = None) -> bool:
    """Return whether a user other than `but_by` signs in with this address."""
    return any(user.pk != (but_by and but_by.pk) for user in filter_users_by_email(email))


def is_taken_by_another(email: str, person: User) -> bool:
    """Return whether this is the primary or a verified address of another user."""
    primary = Q(email=email)
    verified = Q(emailaddress__email=email, emailaddress__verified=True)
    return User.objects.exclude(pk=person.pk).filter(primary | verified).exists()


def mark_verified(user: User) -> None:
    """Make the user's address their primary and verified one."""
    addresses = EmailAddress.objects.filter(user=user)
    addresses.filter(primary=True).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
