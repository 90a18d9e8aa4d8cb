"""Error responses for requests that fail outside a view, or are refused before it runs."""

import sys

from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from core.db.errors import Kind, Outage
from core.db.outages import database
from core.web.references import log_refusal, reference_of, set_reference

# Seconds after which a retry is worthwhile.
RETRY_AFTER = {Kind.AWAY: 5, Kind.READ_ONLY: 30, Kind.BUSY: 2}


def refuse(
    request: HttpRequest, sentence: str, status: int, template: str, reference: str | None = None
) -> HttpResponse:
    """Return an error response: a notice for an htmx request, a whole page otherwise.

    Pass `reference` if the log line that names it is written elsewhere; without one, this function
    logs the refusal and uses the reference of that line. "" means no reference.
    """
    if reference is None:
        reference = log_refusal(request, status)
    context = {"sentence": sentence, "reference": reference}
    if request.headers.get("HX-Request"):
        response = render(request, "chat/_notice.html", context, status=status)
        response["HX-Retarget"] = "#composer-notice"
        response["HX-Reswap"] = "innerHTML"
    else:
        response = render(request, template, context, status=status)
    set_reference(response, reference)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a missing or stale CSRF token, mostly from a page that was open during a sign-in."""
    return refuse(
        request,
        _("This page is out of date. Reload it and send again; your text is kept."),
        403,
        "403_csrf.html",
        reference_of(request),  # Django logs it
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 400 response; for a host that is not allowed it explains SITE_URL."""
    sentence = _("The server could not understand this request.")
    if isinstance(exception, DisallowedHost):
        sentence = _(
            "This site does not answer at this address. If it is your site, set SITE_URL to the "
            "address in the address bar."
        )
    is_logged = isinstance(exception, SuspiciousOperation)  # by Django
    reference = reference_of(request) if is_logged else None
    return refuse(request, sentence, 400, "400.html", reference)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 403 response for a signed-in user without the permission."""
    sentence = _("You are signed in, but this page is for others.")
    return refuse(request, sentence, 403, "403.html")


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 404 response, also for what belongs to another user."""
    return refuse(request, _("There is nothing here, or it is not yours."), 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response to an uncaught exception: 503 for a database outage, else 500."""
    if outage := database.note(sys.exc_info()[1]):
        return unavailable(request, outage)
    return refuse(
        request,
        _("Something went wrong on our side. Your text is kept; please try again."),
        500,
        "500.html",
        reference_of(request),  # Django logs it, with its stack frames
    )


def unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Return the 503 response to a database outage, with a Retry-After header."""
    sentence = {
        Kind.AWAY: _("The database cannot be reached. Please try again in a moment."),
        Kind.READ_ONLY: _("Nothing can be saved at present. Please try again in a few minutes."),
        Kind.BUSY: _("The database is too busy at present. Please try again in a moment."),
    }[outage.kind]
    # No reference: an outage is logged once, not for each request.
    response = refuse(request, sentence, 503, "503.html", reference="")
    response["Retry-After"] = str(RETRY_AFTER[outage.kind])
    return response
