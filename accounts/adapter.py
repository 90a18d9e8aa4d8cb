"""What django-allauth asks us: may people sign up, where do they come from, how do we say it."""

import logging
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.models import EmailAddress
from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.devices import entries, known_device
from accounts.models import User

log = logging.getLogger("chat.accounts")

# Mails that anybody can have sent to anybody's address, each with a limit of its own or that of
# "mail"; news about one's own account is never held back.
ASKED_BY_ANYBODY = {
    f"account/email/{name}"
    for name in ("password_reset_key", "unknown_account", "account_already_exists")
}


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is switched off."),
        "email_password_mismatch": _("This email and password do not belong together."),
        "email_taken": _("There is an account with this email already. Sign in instead."),
        "incorrect_password": _("This is not your password."),
        "enter_current_password": _("This is not your current password."),
        "too_many_login_attempts": _(
            "Too many attempts with this email. Wait at least five minutes and try again, or sign "
            "in where you have signed in before, or choose a new password by mail."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """The peer's address: TrustedProxyMiddleware has put the client's own there."""
        return str(request.META["REMOTE_ADDR"])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm it, and make it the main one of who has none: both or neither."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count a wrong password before it is one; raises ValidationError when there were too many.

        What a stranger tries must not keep out who is signed in, or whose device is known.
        """
        trusted = trusted_source(request, str(credentials.get("email", "")))
        if not trusted:
            super().pre_authenticate(request, **credentials)
            return
        # Given back when the password is right, as allauth does with its own.
        self._login_failed_rl_usage = ratelimit.consume(
            request, app="allauth.account", action="login_failed_known_device", key=trusted
        )
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """The account alone: allauth adds the Host header, of which anybody can send thousands."""
        return str(credentials.get("email", "")).strip().lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links name SITE_URL, whatever Host header the request carried.

        One that anybody may ask for is left out when the address has just had some: the links in
        those still work, and whoever asks hears the same.
        """
        if template_prefix in ASKED_BY_ANYBODY and not ratelimit.consume(
            self.request, app="allauth.account", action="mail", key=email.strip().lower()
        ):
            log.info("A mail was not sent: its address has had the most that are sent in a while")
            return
        links = {name: on_site(url) for name, url in context.items() if name.endswith("_url")}
        super().send_mail(template_prefix, email, context | links | {"site_url": settings.SITE_URL})


def trusted_source(request: HttpRequest, email: str) -> str:
    """Names who may try this account apart from strangers: a session that is signed in to it, or
    a device that has signed in to it; "" for everybody else.

    An address without an account takes as much work as one that has one.
    """
    if request.user.is_authenticated:
        return f"session:{request.session.session_key}"
    if not entries(request):
        return ""
    for user in filter_users_by_email(email, for_login=True) or [User()]:
        if name := known_device(request, user):
            return f"device:{name}"
    return ""


def on_site(url: str) -> str:
    """The same address under SITE_URL."""
    site = urlsplit(settings.SITE_URL)
    return urlsplit(url)._replace(scheme=site.scheme, netloc=site.netloc).geturl()
