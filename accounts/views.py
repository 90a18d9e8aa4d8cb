"""The page behind the one-time link for the first administrator, and a person's addresses."""

from typing import Any

from allauth.account import views as allauth
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView

from accounts import initial_admin
from accounts.emails import is_taken_by_another
from accounts.forms import EMAIL_TAKEN, SetupForm
from accounts.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@method_decorator(never_cache, name="dispatch")
@method_decorator(rate_limit(action="setup"), name="dispatch")
@method_decorator(sensitive_post_parameters("password1", "password2"), name="dispatch")
class SetupView(FormView):  # type: ignore[type-arg]
    template_name = "account/setup.html"
    form_class = SetupForm
    success_url = "/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not initial_admin.is_open(self.kwargs["token"]):
            return self.gone()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def gone(self) -> HttpResponse:
        return self.response_class(
            self.request, ["account/setup_gone.html"], status=404, using=self.template_engine
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"person": self.person}

    @property
    def person(self) -> User | None:
        user = self.request.user
        return user if isinstance(user, User) else None

    def form_valid(self, form: SetupForm) -> HttpResponse:
        data = form.cleaned_data
        try:
            user = self.create_administrator(data["email"], data["password1"])
        except IntegrityError:
            form.add_error("email", EMAIL_TAKEN)
            return self.form_invalid(form)
        if user is None:
            return self.gone()
        messages.success(self.request, welcome())
        return super().form_valid(form)

    def create_administrator(self, email: str, password: str) -> User | None:
        """Make and sign in the administrator, both or neither; None when the link was used.

        A person who was signed in keeps their session, and with it their open pages.
        """
        token, person = self.kwargs["token"], self.person
        with transaction.atomic():
            user = initial_admin.create_administrator(token, email, password, person)
            if user is not None and user == person:
                update_session_auth_hash(self.request, user)
            elif user is not None:
                login(self.request, user, backend=BACKEND)
        return user


# With the password the session gets its new key: who hears that the one was changed and looks at
# the other must not find a session of the old password that is about to be renewed.
@method_decorator(transaction.atomic, name="form_valid")
class PasswordChangeView(allauth.PasswordChangeView):
    """Change the password and keep this session in one transaction."""


@method_decorator(transaction.atomic, name="form_valid")
class PasswordSetView(allauth.PasswordSetView):
    """The same for somebody who had no password."""


class EmailView(allauth.EmailView):
    """The main address moves as a whole, and never to one that is somebody else's."""

    def _action_primary(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        address = self._get_email_address(request)
        if address is None:
            return None
        try:
            with transaction.atomic():
                User.objects.select_for_update(no_key=True).get(pk=address.user_id)
                if not is_taken_by_another(address.email, address.user):
                    done: HttpResponse | None = super()._action_primary(request, *args, **kwargs)
                    return done
        except IntegrityError:
            # Somebody took it in between.
            pass
        messages.error(request, EMAIL_TAKEN)
        return None


def welcome() -> str:
    return format_html(
        '{} <a href="{}">{}</a>',
        _("You are the administrator now."),
        reverse("admin:index"),
        _("Open the admin"),
    )
