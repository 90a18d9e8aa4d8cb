"""A person's display name, language and time zone: the form, the row, and its cookies."""

import zoneinfo
from functools import cache
from typing import Any

from django import forms
from django.conf import settings
from django.forms.utils import flatatt
from django.http import HttpRequest, HttpResponse
from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.names import clean_name, is_too_long
from core.web.locale_cookies import LANGUAGE, TIME_ZONE

# The maximum that browsers accept.
COOKIE_SECONDS = 400 * 24 * 60 * 60
# Regions whose zones are places; the other names are abbreviations and offsets.
REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)
NOT_OFFERED = {"invalid_choice": _("Choose an entry of the list.")}


def language_choices() -> list[tuple[str, Any]]:
    """Return the site's languages under their own names."""
    names = [(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES]
    return [("", _("Browser's language")), *((code, name.capitalize()) for code, name in names)]


def time_zone_choices() -> list[tuple[Any, Any]]:
    """Return the time zones, grouped by region."""
    return [("", _("Browser's time zone")), ("UTC", "UTC"), *_zones_by_region()]


@cache
def _zones_by_region() -> list[tuple[str, list[tuple[str, str]]]]:
    zones = sorted(zoneinfo.available_timezones())
    return [
        (region, [(zone, _place_of(zone)) for zone in zones if zone.startswith(f"{region}/")])
        for region in REGIONS
    ]


def _place_of(zone: str) -> str:
    return " / ".join(zone.replace("_", " ").split("/")[1:])


class TimeZoneSelect(forms.Select):
    """A list of all zones: Django would render a template for each of its four hundred options."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Return the list with `value` selected."""
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        option = f'<option value="{escape(value or "")}"'
        own = format_html('<option value="">{}</option>', _("Browser's time zone"))
        options = f"{own}{_options_html()}".replace(f"{option}>", f"{option} selected>", 1)
        return mark_safe(f"<select{attributes}>{options}</select>")  # noqa: S308 (escaped above)


@cache
def _options_html() -> str:
    groups = [
        format_html(
            '<optgroup label="{}">{}</optgroup>',
            region,
            format_html_join("", '<option value="{}">{}</option>', zones),
        )
        for region, zones in _zones_by_region()
    ]
    return "".join(['<option value="UTC">UTC</option>', *groups])


class ProfileForm(forms.Form):
    """The display name, the language and the time zone."""

    display_name = forms.CharField(
        label=_("Display name"),
        required=False,
        help_text=_("Shown to you in place of your email address. At most 80 characters."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname", "dir": "auto"}),
    )
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=language_choices,
        error_messages=NOT_OFFERED,
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=time_zone_choices,
        widget=TimeZoneSelect,
        error_messages=NOT_OFFERED,
    )

    def clean_display_name(self) -> str:
        """Return the cleaned name; raises ValidationError if it is too long."""
        name = clean_name(self.cleaned_data["display_name"])
        if is_too_long(name):
            raise forms.ValidationError(
                _("This name is too long. Use at most 80 characters."), code="too_long"
            )
        return name


def profile_of(user: User) -> dict[str, str]:
    """Return the values of the form."""
    return {name: getattr(user, name) for name in ProfileForm.base_fields}


def save_profile(user: User, values: dict[str, str]) -> None:
    """Save the values of a valid form; `user` has them afterwards."""
    User.objects.filter(pk=user.pk, is_active=True).update(**values)
    for name, value in values.items():
        setattr(user, name, value)


def update_locale_cookies(request: HttpRequest, response: HttpResponse, user: User | None) -> None:
    """Make the cookies agree with the person's choice; without a person, delete them.

    A choice that was made on another device arrives here with the second page.
    """
    choices = {LANGUAGE: user.language if user else "", TIME_ZONE: user.time_zone if user else ""}
    for name, value in choices.items():
        if value == request.COOKIES.get(name, ""):
            continue
        if value:
            response.set_cookie(
                name,
                value,
                max_age=COOKIE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        else:
            response.delete_cookie(name, samesite="Lax")
