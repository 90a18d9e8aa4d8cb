"""Serve /favicon.ico, for pages without an icon link, such as the admin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control


@cache_control(public=True, max_age=86_400)
async def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect to the icon among the static files."""
    return redirect(static("favicon.ico"))
