"""The admin of users."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import BaseUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from accounts.emails import is_taken, mark_verified
from accounts.models import User
from core.web.admin_site import CHECKBOXES


class LowerCaseEmail:
    """Form mixin that stores the address in lower case, and refuses one that is taken."""

    cleaned_data: dict[str, str]
    instance: User

    def clean_email(self) -> str:
        """Return the address in lower case; raises ValidationError if it is taken."""
        email = self.cleaned_data["email"].strip().lower()
        if is_taken(email, but_by=self.instance):
            raise forms.ValidationError(User._meta.get_field("email").error_messages["unique"])
        return email


class PersonCreationForm(LowerCaseEmail, BaseUserCreationForm):  # type: ignore[type-arg]
    """The form that creates a user."""

    class Meta:
        model = User
        fields = ("email",)


class PersonChangeForm(LowerCaseEmail, UserChangeForm):  # type: ignore[type-arg]
    """The form that changes a user."""

    class Meta:
        model = User
        fields = "__all__"


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Django's user admin, with an email address in place of a user name."""

    index_group, index_place = "people", 0
    add_form = PersonCreationForm
    form = PersonChangeForm
    formfield_overrides = CHECKBOXES
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email",)
    ordering = ("-date_joined",)
    show_full_result_count = False
    readonly_fields = ("date_joined", "last_login")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("email", "password", "is_active")}),
        (
            _("Administration"),
            {"fields": ("is_staff", "is_superuser", "groups")},
        ),
        (_("Single rights"), {"classes": ("collapse",), "fields": ("user_permissions",)}),
        (_("Dates"), {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "password1", "password2")}),)

    @method_decorator(transaction.atomic)
    def user_change_password(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Change the password; an administrator who changes their own keeps their session.

        Both happen in one transaction.
        """
        response: HttpResponse = super().user_change_password(*args, **kwargs)
        return response

    def save_model(
        self, request: HttpRequest, obj: User, form: "forms.ModelForm[User]", change: bool
    ) -> None:
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            # An address that the operator enters needs no verification by mail.
            mark_verified(obj)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Django's group admin; rights are folded away, as most groups only choose models."""

    index_group, index_place = "people", 1
    filter_horizontal = ()
    formfield_overrides = CHECKBOXES
    fieldsets = (
        (None, {"fields": ("name",)}),
        (_("Single rights"), {"classes": ("collapse",), "fields": ("permissions",)}),
    )
