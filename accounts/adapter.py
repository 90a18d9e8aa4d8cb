"""The adapter for django-allauth: sign-up, client addresses, rate limits, messages and mail."""

import logging
from smtplib import SMTPException
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.ratelimit import consume
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.devices import entries, known_device
from accounts.html_mail import attach_html
from accounts.models import User
from core.web.error_views import ErrorMessage, error_response

log = logging.getLogger("chat.accounts")

# Mails that anybody can trigger for any address, so they are subject to the rate limit "mail".
# Mails about changes of one's own account are never held back.
TRIGGERED_BY_ANYBODY = {
    f"account/email/{name}"
    for name in ("password_reset_key", "unknown_account", "account_already_exists")
}

# Mails without which the request that sends them was in vain.
ASKED_FOR = TRIGGERED_BY_ANYBODY | {
    f"account/email/{name}" for name in ("email_confirmation", "email_confirmation_signup")
}


class AccountAdapter(DefaultAccountAdapter):
    """django-allauth's adapter with our messages and limits."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "account_inactive": _("This account is disabled."),
        "email_password_mismatch": _("Incorrect email or password."),
        "email_taken": _("An account with this email already exists. Sign in instead."),
        "incorrect_password": _("Incorrect password."),
        "enter_current_password": _("The current password is incorrect."),
        "too_many_login_attempts": _(
            "Too many attempts with this email. Wait at least five minutes and try again, sign in "
            "on a device you have used before, or reset your password."
        ),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Return whether anybody may sign up (the setting SIGNUP)."""
        return bool(settings.SIGNUP_OPEN)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address, which TrustedProxyMiddleware has put into REMOTE_ADDR."""
        return str(request.META["REMOTE_ADDR"])

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm the address, and make it the primary one if there is none, in one transaction."""
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:
            template = "account/messages/email_confirmation_failed.txt"
            self.add_message(request, messages.ERROR, template, {"email": email_address.email})
            return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count an attempt before its password is checked; raises ValidationError above the limit.

        Attempts of strangers must not lock out a user who is signed in or whose device is known.
        """
        source = trusted_source(request, str(credentials.get("email", "")))
        if not source:
            super().pre_authenticate(request, **credentials)
            return
        # allauth takes the attempt back if the password is right, as with its own limit.
        self._login_failed_rl_usage = consume(
            request, app="allauth.account", action="login_failed_known_device", key=source
        )
        if not self._login_failed_rl_usage:
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Return a key for the account only.

        allauth's own key includes the Host header, of which a client can send thousands.
        """
        return str(credentials.get("email", "")).strip().lower()

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a mail whose links start with SITE_URL, whatever Host header the request had.

        A mail that anybody can trigger is skipped if the address has received too many: the links
        in earlier ones still work, and the response does not reveal the difference. If the mail
        server does not take a mail that the request was made for, the page says so.
        """
        key = email.strip().lower()
        is_limited = template_prefix in TRIGGERED_BY_ANYBODY
        if is_limited and not ratelimit.consume(self.request, action="mail", key=key):
            log.info("mail not sent: the address has reached its rate limit")
            return
        links = {name: to_site_url(url) for name, url in context.items() if name.endswith("_url")}
        context = context | links | {"site_url": settings.SITE_URL}
        try:
            super().send_mail(template_prefix, email, context)
        except (SMTPException, OSError) as error:
            name = template_prefix.rpartition("/")[2]
            log.error(
                "mail not sent: %s, the mail server failed with %s", name, type(error).__name__
            )
            # A mail that was not sent must not keep the next one from being sent.
            for action in ("mail", "confirm_email"):
                ratelimit.clear(self.request, action=action, key=key)
            if template_prefix in ASKED_FOR:
                raise ImmediateHttpResponse(refuse_mail(self.request)) from error

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Return the mail as text and as HTML."""
        message: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        if isinstance(message, EmailMultiAlternatives):
            links = {str(value) for name, value in context.items() if name.endswith("_url")}
            attach_html(message, links)
        return message


def refuse_mail(request: HttpRequest) -> HttpResponse:
    """Return the page for a mail that could not be sent; a new account is there all the same."""
    message = ErrorMessage(
        status=503,
        heading=gettext("The mail could not be sent"),
        sentence=gettext(
            "The mail server is not available. Try again in a few minutes. If you have just signed "
            "up, your account exists: sign in to get the mail again."
        ),
        retry_after=60,
    )
    return error_response(request, message)


def trusted_source(request: HttpRequest, email: str) -> str:
    """Return a key for a source whose attempts are counted apart from those of strangers.

    That is a signed-in session, or a device that has signed in to this account; "" for all others.
    An address without an account takes the same time as one with an account.
    """
    if request.user.is_authenticated:
        return f"session:{request.session.session_key}"
    if not entries(request):
        return ""
    for user in filter_users_by_email(email) or [User()]:
        if name := known_device(request, user):
            return f"device:{name}"
    return ""


def to_site_url(url: str) -> str:
    """Return the same URL under SITE_URL."""
    site = urlsplit(settings.SITE_URL)
    return urlsplit(url)._replace(scheme=site.scheme, netloc=site.netloc).geturl()
