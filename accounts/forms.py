"""The forms of the account pages: labels without placeholders, and one hint on passwords."""

from typing import Any, ClassVar

from allauth.account import forms as allauth
from allauth.account.fields import EmailField, PasswordField, SetPasswordField
from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from accounts.emails import is_taken
from accounts.models import User

PASSWORD_HINT = _("At least 8 characters, not only digits and not easy to guess.")
# The length of the database column; allauth's own fields accept more.
EMAIL_CHARS = 254
EMAIL_TAKEN = _("An account with this email already exists.")

NEW_PASSWORD = {"password1": _("New password"), "password2": _("Confirm new password")}


class PlainFields:
    """Form mixin: labels without placeholders, autofocus where it helps, a limit for addresses.

    An email address that is too long for its database column is refused.
    """

    fields: dict[str, forms.Field]
    labels: ClassVar[dict[str, Any]] = {}
    autofocus = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            if name == "password1":
                field.help_text = PASSWORD_HINT
            elif isinstance(field, PasswordField):
                field.help_text = ""
            elif isinstance(field, EmailField):
                other_validators = [
                    validator
                    for validator in field.validators
                    if not isinstance(validator, MaxLengthValidator)
                ]
                field.validators = [*other_validators, MaxLengthValidator(EMAIL_CHARS)]
        self.focus(next(iter(self.fields)))

    def full_clean(self) -> None:
        """Validate, and focus the first field that has to be filled in again."""
        super().full_clean()  # type: ignore[misc]
        errors: dict[str, Any] = self.errors  # type: ignore[attr-defined]
        invalid = [name for name in self.fields if name in errors]
        if errors and not invalid:
            invalid = [name for name in self.fields if isinstance(self.fields[name], PasswordField)]
        if invalid:
            self.focus(invalid[0])

    def focus(self, focused: str) -> None:
        """Set autofocus on one field and remove it from the others."""
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = self.autofocus and name == focused


class LoginForm(PlainFields, allauth.LoginForm):
    """Sign-in with email and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Password managers store the password under the field marked as username.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(PlainFields, allauth.SignupForm):
    """Sign-up with email and a new password."""

    labels: ClassVar[dict[str, Any]] = {"password2": _("Confirm password")}


class ReauthenticateForm(PlainFields, allauth.ReauthenticateForm):
    """The password again, before a sensitive change."""


class ChangePasswordForm(PlainFields, allauth.ChangePasswordForm):
    """The present and a new password."""

    labels: ClassVar[dict[str, Any]] = {"oldpassword": _("Current password"), **NEW_PASSWORD}


class SetPasswordForm(PlainFields, allauth.SetPasswordForm):
    """The first password of a user who has none."""

    labels: ClassVar[dict[str, Any]] = {"password2": _("Confirm password")}


class ResetPasswordForm(PlainFields, allauth.ResetPasswordForm):
    """The address to which a link for a new password is sent."""


class ResetPasswordKeyForm(PlainFields, allauth.ResetPasswordKeyForm):
    """A new password, behind the link that was sent by mail."""

    labels: ClassVar[dict[str, Any]] = NEW_PASSWORD


class AddEmailForm(PlainFields, allauth.AddEmailForm):
    """Another email address of the user."""

    labels: ClassVar[dict[str, Any]] = {"email": _("New email address")}
    autofocus = False

    def clean_email(self) -> str:
        """Refuse a taken address, as sign-up does, unless addresses are verified by mail."""
        email: str = super().clean_email()
        is_verified_by_mail = settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory"
        if not is_verified_by_mail and is_taken(email, but_by=self.user):
            raise forms.ValidationError(EMAIL_TAKEN, code="email_taken")
        return email


class SetupForm(PlainFields, allauth.PasswordVerificationMixin, forms.Form):
    """Email and password of the first administrator.

    `person` is the signed-in user, or None; only they may enter a taken address, their own.
    """

    email = EmailField()
    password1 = SetPasswordField(label=_("Password"))
    password2 = PasswordField(label=_("Confirm password"), autocomplete="new-password")

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        if person:
            self.fields["email"].initial = person.email

    def clean_email(self) -> str:
        """Return the address in lower case; raises ValidationError if another user has it."""
        email = str(self.cleaned_data["email"]).lower()
        if is_taken(email, but_by=self.person):
            raise forms.ValidationError(
                _("An account with this email already exists. Sign in with it first."),
                code="email_taken",
            )
        # The validators compare the password with the address.
        self.fields["password1"].user = User(email=email)  # type: ignore[attr-defined]
        return email
