"""Whose an address is, and addresses that the operator typed: those need no mail."""

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from django.db.models import Q

from accounts.models import User


def is_taken(email: str, but_by: User | None = None) -> bool:
    """Whether a person other than `but_by` signs in with this address."""
    return any(user.pk != (but_by and but_by.pk) for user in filter_users_by_email(email))


def is_taken_by_another(email: str, person: User) -> bool:
    """Whether this is the main or a confirmed address of somebody else."""
    main = Q(email=email)
    confirmed = Q(emailaddress__email=email, emailaddress__verified=True)
    return User.objects.exclude(pk=person.pk).filter(main | confirmed).exists()


def mark_verified(user: User) -> None:
    """Make the person's address their main and confirmed one."""
    addresses = EmailAddress.objects.filter(user=user)
    addresses.filter(primary=True).exclude(email=user.email).update(primary=False)
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
