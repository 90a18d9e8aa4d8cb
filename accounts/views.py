"""Views of our own: first administrator, change of password, email addresses."""

from typing import Any

from allauth.account import views as allauth
from allauth.account.models import EmailAddress
from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth import login, update_session_auth_hash
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.decorators import method_decorator
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
    """The page behind the one-time link for the first administrator."""

    template_name = "account/setup.html"
    form_class = SetupForm
    success_url = "/admin/start/"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form only while the link works."""
        if not initial_admin.is_open(self.kwargs["token"]):
            return self.render_expired()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[return-value]

    def render_expired(self) -> HttpResponse:
        """Return the 404 page for a link that no longer works."""
        return self.response_class(
            self.request, ["account/setup_expired.html"], status=404, using=self.template_engine
        )

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"person": self.person}

    @property
    def person(self) -> User | None:
        """The signed-in user, if any."""
        user = self.request.user
        return user if isinstance(user, User) else None

    def form_valid(self, form: SetupForm) -> HttpResponse:
        """Create the administrator and redirect, or show why that failed."""
        data = form.cleaned_data
        try:
            user = self.create_administrator(data["email"], data["password1"])
        except IntegrityError:
            form.add_error("email", EMAIL_TAKEN)
            return self.form_invalid(form)
        if user is None:
            return self.render_expired()
        messages.success(self.request, _("You are now the administrator."))
        return super().form_valid(form)

    def create_administrator(self, email: str, password: str) -> User | None:
        """Create and sign in the administrator, in one transaction; None if the link was used.

        A user who was signed in keeps their session, and so their open pages.
        """
        token, person = self.kwargs["token"], self.person
        with transaction.atomic():
            user = initial_admin.create_administrator(token, email, password, person)
            if user is not None and user == person:
                update_session_auth_hash(self.request, user)
            elif user is not None:
                login(self.request, user, backend=BACKEND)
        return user


# The password and the session's new key are committed together. Otherwise code that reacts to the
# changed password could find the session under its old key, just before it is renewed.
@method_decorator(transaction.atomic, name="form_valid")
class PasswordChangeView(allauth.PasswordChangeView):
    """Change the password and keep this session in one transaction."""


@method_decorator(transaction.atomic, name="form_valid")
class PasswordSetView(allauth.PasswordSetView):
    """Set a first password and keep this session in one transaction."""


class EmailView(allauth.EmailView):
    """The page of a user's addresses.

    Changes the primary address in one transaction, and never to the address of another user.
    """

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Let allauth do what the form asks for, unless the new primary address is taken."""
        person = request.user
        if "action_primary" not in request.POST or not isinstance(person, User):
            return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]
        try:
            with transaction.atomic():
                User.objects.select_for_update(no_key=True).get(pk=person.pk)
                if not self.is_choice_taken(person):
                    return super().post(request, *args, **kwargs)  # type: ignore[no-any-return]
        except IntegrityError:
            # Another user took the address meanwhile.
            pass
        messages.error(request, EMAIL_TAKEN)
        return HttpResponseRedirect(self.get_success_url())

    def is_choice_taken(self, person: User) -> bool:
        """Return whether the submitted address is the person's own, and also another user's."""
        email = self.request.POST.get("email", "").lower()
        own = EmailAddress.objects.filter(user=person).values_list("email", flat=True)
        return email in own and is_taken_by_another(email, person)
