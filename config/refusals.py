"""The pages and sentences for requests that are refused before a view sees them."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from config.database_errors import Kind, Outage
from config.outages import database

# Seconds until it is worth to try again.
RETRY_AFTER = {Kind.AWAY: 5, Kind.READ_ONLY: 30, Kind.BUSY: 2}


def refuse(request: HttpRequest, sentence: str, status: int, template: str) -> HttpResponse:
    """A sentence for a fragment request, a whole page for a person who followed a link."""
    if request.headers.get("HX-Request"):
        response = render(request, "chat/_notice.html", {"sentence": sentence}, status=status)
        response["HX-Retarget"] = "#composer-notice"
        response["HX-Reswap"] = "innerHTML"
        return response
    return render(request, template, {"sentence": sentence}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Missing or stale CSRF token: mostly a page that was open while somebody signed in."""
    return refuse(
        request,
        _("This page is out of date. Reload it and send again; your text is kept."),
        403,
        "403_csrf.html",
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, _("The server could not understand this request."), 400, "400.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return refuse(request, _("There is nothing here, or it is not yours."), 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Any exception of a view or a middleware; an outage of the database is no fault of ours."""
    if outage := database.note(sys.exc_info()[1]):
        return unavailable(request, outage)
    return refuse(
        request,
        _("Something went wrong on our side. Your text is kept; please try again."),
        500,
        "500.html",
    )


def unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    """The answer while the database cannot do what the request needs."""
    sentence = {
        Kind.AWAY: _("The database cannot be reached. Please try again in a moment."),
        Kind.READ_ONLY: _("Nothing can be saved at present. Please try again in a few minutes."),
        Kind.BUSY: _("The database is too busy at present. Please try again in a moment."),
    }[outage.kind]
    response = refuse(request, sentence, 503, "503.html")
    response["Retry-After"] = str(RETRY_AFTER[outage.kind])
    return response
