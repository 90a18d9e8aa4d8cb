"""The settings page: plain forms, which a script saves without loading the page again."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _

from accounts.models import User
from chat.views.auth import command, page, run_as_user, run_command
from chat.views.preference_forms import (
    LOOKS,
    SECTIONS,
    AppearanceForm,
    Section,
    load_sections,
    save_section,
)
from core.web.htmx import is_htmx

LOOK_SECONDS = 31_536_000


@page
async def show(request: HttpRequest) -> HttpResponse:
    """Show the settings of a person."""
    sections = await run_as_user(request, load_sections, request.COOKIES)
    notes = []
    for note in messages.get_messages(request):
        section = next((item for item in sections if item.name == note.extra_tags), None)
        if section is None:
            notes.append(note)
        else:
            section.is_saved = True
    return render(request, "chat/settings.html", {"sections": sections, "notes": notes})


@command
async def save(request: HttpRequest, name: str) -> HttpResponse:
    """Save one section, or show what is wrong with it beside the text that was sent."""
    if name not in SECTIONS:
        raise Http404
    sections, locale_changed = await run_command(request, save_as_user, name, request)
    section = next(item for item in sections if item.name == name)
    response = saved_response(request, sections, section, locale_changed=locale_changed)
    if section.is_saved and isinstance(section.form, AppearanceForm):
        set_look(response, section.form)
    return response


def save_as_user(user: User, name: str, request: HttpRequest) -> tuple[list[Section], bool]:
    """Save a section if it is valid. Return all sections, and whether language or zone changed."""
    before = user.language, user.time_zone
    sections = save_section(user, name, request.POST, request.COOKIES)
    return sections, before != (user.language, user.time_zone)


def saved_response(
    request: HttpRequest, sections: list[Section], section: Section, *, locale_changed: bool
) -> HttpResponse:
    """Return the section for the script, and otherwise a page; after a success by a redirect."""
    status = 200 if section.is_saved else 422
    if is_htmx(request) and not locale_changed:
        context: dict[str, Any] = {"section": section}
        return render(request, "chat/_settings_form.html", context, status=status)
    if not section.is_saved:
        context = {"sections": sections, "notes": (), "is_invalid": True}
        return render(request, "chat/settings.html", context, status=status)
    # Shown beside the section's button. The page writes the word anew, in its own language.
    messages.success(request, _("Saved."), extra_tags=section.name)
    if is_htmx(request):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return HttpResponse(
        status=303, headers={"Location": f"{resolve_url('settings')}#{section.name}"}
    )


def set_look(response: HttpResponse, form: AppearanceForm) -> None:
    """Store the look as static/js/preferences.js does."""
    for name, value in form.initial.items():
        if value == LOOKS[name][0][0]:
            response.delete_cookie(name, samesite="Lax")
            continue
        response.set_cookie(
            name,
            value,
            max_age=LOOK_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            samesite="Lax",
        )
