"""The accounts application: users, sign-in and sessions."""

from allauth.account import signals as allauth
from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "Accounts"

    def ready(self) -> None:
        """Connect the receivers for sign-in, sign-out and changed passwords."""
        # Models cannot be imported yet when Django imports this module.
        from accounts import receivers  # noqa: PLC0415

        changes = (allauth.password_changed, allauth.password_set, allauth.password_reset)
        for signal in (user_logged_in, *changes):
            signal.connect(receivers.note_password)
        user_logged_out.connect(receivers.note_sign_out)
