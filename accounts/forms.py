"""The forms of the account pages: plain labels, no placeholders, one hint on passwords."""

from typing import Any, ClassVar

from allauth.account import forms as allauth
from allauth.account.fields import EmailField, PasswordField, SetPasswordField
from allauth.account.internal.flows.manage_email import assess_unique_email
from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from accounts.emails import is_taken
from accounts.models import User

PASSWORD_HINT = _("At least 8 characters, not only digits, nothing easy to guess.")
EMAIL_CHARS = 254
"""What a row takes; allauth's own fields take more."""
EMAIL_TAKEN = _("There is an account with this email already.")

NEW_PASSWORD = {"password1": _("New password"), "password2": _("New password (again)")}


class PlainFields:
    """Mixin: labels say what a field is, so no placeholders; the cursor where it helps; an email
    address that no row takes is refused."""

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
                others = [v for v in field.validators if not isinstance(v, MaxLengthValidator)]
                field.validators = [*others, MaxLengthValidator(EMAIL_CHARS)]
        self.focus(next(iter(self.fields)))

    def full_clean(self) -> None:
        """Check, and put the cursor on what has to be typed again."""
        super().full_clean()  # type: ignore[misc]
        errors: dict[str, Any] = self._errors  # type: ignore[attr-defined]
        wrong = [name for name in self.fields if name in errors]
        if errors and not wrong:
            wrong = [name for name in self.fields if isinstance(self.fields[name], PasswordField)]
        if wrong:
            self.focus(wrong[0])

    def focus(self, chosen: str) -> None:
        for name, field in self.fields.items():
            field.widget.attrs["autofocus"] = self.autofocus and name == chosen


class LoginForm(PlainFields, allauth.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A password manager files the pair under the name of an account.
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class SignupForm(PlainFields, allauth.SignupForm):
    pass


class ReauthenticateForm(PlainFields, allauth.ReauthenticateForm):
    pass


class ChangePasswordForm(PlainFields, allauth.ChangePasswordForm):
    labels: ClassVar[dict[str, Any]] = {"oldpassword": _("Current password"), **NEW_PASSWORD}


class SetPasswordForm(PlainFields, allauth.SetPasswordForm):
    pass


class ResetPasswordForm(PlainFields, allauth.ResetPasswordForm):
    pass


class ResetPasswordKeyForm(PlainFields, allauth.ResetPasswordKeyForm):
    labels: ClassVar[dict[str, Any]] = NEW_PASSWORD


class AddEmailForm(PlainFields, allauth.AddEmailForm):
    labels: ClassVar[dict[str, Any]] = {"email": _("Another email")}
    autofocus = False

    def clean_email(self) -> str:
        """As at sign-up: only where mail verifies an address may a taken one pass."""
        email: str = super().clean_email()
        if assess_unique_email(email, self.user) is False:
            raise forms.ValidationError(EMAIL_TAKEN, code="email_taken")
        return email


class SetupForm(PlainFields, allauth.PasswordVerificationMixin, forms.Form):
    """Email and password of the first administrator.

    `person` is who is signed in, or None: only that person may name an address that is taken.
    """

    email = EmailField()
    password1 = SetPasswordField(label=_("Password"))
    password2 = PasswordField(label=_("Password (again)"), autocomplete="new-password")

    def __init__(self, *args: Any, person: User | None = None, **kwargs: Any) -> None:
        self.person = person
        super().__init__(*args, **kwargs)
        if person:
            self.fields["email"].initial = person.email

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        if is_taken(email, but_by=self.person):
            raise forms.ValidationError(
                _("There is an account with this email already. Sign in with it first."),
                code="email_taken",
            )
        # The password is compared with the address it is for.
        self.fields["password1"].user = User(email=email)  # type: ignore[attr-defined]
        return email
