"""Addresses that need no mail to be believed, because the operator typed them."""

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress

from accounts.models import User


def is_taken(email: str, but_by: User | None = None) -> bool:
    """Whether a person other than `but_by` signs in with this address."""
    return any(user.pk != (but_by and but_by.pk) for user in filter_users_by_email(email))


def trust(user: User) -> None:
    """Make the person's address their main and confirmed one."""
    addresses = EmailAddress.objects.filter(user=user)
    addresses.filter(primary=True).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
