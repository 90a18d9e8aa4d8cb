"""The user, who signs in with an email address, and the link for the first administrator."""

from typing import Any, ClassVar

import uuid6
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.names import MAX_CODE_POINTS


class UserManager(BaseUserManager["User"]):
    """Creates users, with lower-case addresses: each spelling of an address is the same user."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a user; raises ValueError without an address."""
        if not email:
            raise ValueError("An email address is required.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create an administrator."""
        flags = {"is_staff": True, "is_superuser": True}
        return self.create_user(email, password, **flags | fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Return the user with this address, in upper or lower case."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A user of the site."""

    id = models.UUIDField(primary_key=True, default=uuid6.uuid7, editable=False)
    email = models.EmailField(
        _("email address"),
        unique=True,
        error_messages={"unique": _("A user with this email address already exists.")},
    )
    is_staff = models.BooleanField(
        _("administrator"), default=False, help_text=_("Can access the admin site.")
    )
    is_active = models.BooleanField(
        _("active"), default=True, help_text=_("Clear this instead of deleting the account.")
    )
    date_joined = models.DateTimeField(_("joined"), default=timezone.now, editable=False)
    # What the person chose on the settings page; empty for the address and for the browser's own.
    display_name = models.CharField(
        _("display name"), max_length=MAX_CODE_POINTS, blank=True, default="", db_default=""
    )
    language = models.CharField(
        _("language"), max_length=10, blank=True, default="", db_default="", editable=False
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", db_default="", editable=False
    )

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        # Upper and lower case are the same address, so that a user has only one row.
        constraints = (
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")), name="user_email_lower_case"
            ),
        )

    def __str__(self) -> str:
        return self.email

    @property
    def label(self) -> str:
        """Return the name that the person chose, else the email address."""
        return self.display_name or self.email


class SetupLink(models.Model):
    """The one-time link for the first administrator; a new one replaces the only row.

    It stores the SHA-256 of the token, never the token itself.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    token_hash = models.CharField(max_length=64)
    expires = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(id=1), name="setup_link_single_row"),
        )

    def __str__(self) -> str:
        return f"until {self.expires}"
