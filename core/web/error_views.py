"""Error responses: the only place that renders one, and the views that Django calls for them."""

import sys
from dataclasses import dataclass
from math import ceil
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from core.db.errors import Kind, Outage
from core.db.outages import database
from core.web.htmx import is_htmx
from core.web.references import log_refusal, reference_of, set_reference

# Seconds after which a retry is worthwhile.
RETRY_AFTER = {Kind.AWAY: 5, Kind.READ_ONLY: 30, Kind.BUSY: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorMessage:
    """What an error response says.

    `heading` and `text`, the text that the person had typed, appear only on a whole page. `code` is
    the kind of error for scripts. `sign_in` offers a link to sign in. `reference` identifies the
    line in the log, "" if there is none. `retry_after` is in seconds.
    """

    status: int
    heading: str
    sentence: str
    code: str = ""
    reference: str = ""
    sign_in: bool = False
    text: str = ""
    retry_after: float | None = None
    is_outage: bool = False


def error_response(request: HttpRequest, message: ErrorMessage) -> HttpResponse:
    """Return an error response: a notice for an htmx request, a whole page otherwise."""
    response = HttpResponse(status=message.status)
    if is_htmx(request):
        response.write(notice_of(message))
        response["HX-Retarget"] = "#composer-notice"
        response["HX-Reswap"] = "innerHTML"
    else:
        response.write(page_of(request, message))
    if message.retry_after is not None:
        response["Retry-After"] = str(ceil(message.retry_after))
    set_reference(response, message.reference)
    return response


def notice_of(message: ErrorMessage) -> str:
    return notice_html(
        message.sentence,
        sign_in=message.sign_in,
        code=message.code,
        reference=message.reference,
    )


def notice_html(
    sentence: str, *, sign_in: bool = False, code: str = "", reference: str = ""
) -> str:
    """Render a notice: a sentence with an optional reference and link to sign in."""
    context = {"sentence": sentence, "sign_in": sign_in, "code": code, "reference": reference}
    return render_to_string("chat/_notice.html", context)


def page_of(request: HttpRequest, message: ErrorMessage) -> str:
    is_post = request.method == "POST"
    context = {
        "heading": message.heading,
        "sentence": message.sentence,
        "sign_in_url": sign_in_url(request) if message.sign_in else "",
        "text": message.text,
        "reference": message.reference,
        "is_lost": message.is_outage and is_post and not message.text,
        "retry_url": request.get_full_path() if message.is_outage and not is_post else "",
    }
    return render_to_string("error.html", context, request)


def sign_in_url(request: HttpRequest) -> str:
    """Return the address to sign in, which leads back to the page that holds the form."""
    query = urlencode({"next": page_path(request)})
    return f"{resolve_url(settings.LOGIN_URL)}?{query}"


def page_path(request: HttpRequest) -> str:
    """Return the path and query of the page that sent the request; "/" if it is not ours."""
    try:
        referer = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # raised for a malformed address
        return "/"
    if referer.netloc != request.get_host():
        return "/"
    return urlunsplit(("", "", referer.path, referer.query, ""))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refuse a missing or stale CSRF token, mostly from a page that was open during a sign-in."""
    message = ErrorMessage(
        status=403,
        heading=_("This page is out of date"),
        sentence=_(
            "This page is out of date. Your text is saved. Reload the page and send it again."
        ),
        reference=reference_of(request),  # Django logs it
    )
    return error_response(request, message)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 400 response; for a host that is not allowed it explains SITE_URL."""
    sentence = _("The server could not understand this request.")
    if isinstance(exception, DisallowedHost):
        sentence = _(
            "This site isn't available at this address. If you run this site, set SITE_URL to the "
            "address in the address bar."
        )
    is_logged = isinstance(exception, SuspiciousOperation)  # by Django
    message = ErrorMessage(
        status=400,
        heading=_("Invalid request"),
        sentence=sentence,
        reference=reference_of(request) if is_logged else log_refusal(request, 400),
    )
    return error_response(request, message)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 403 response for a signed-in user without the permission."""
    message = ErrorMessage(
        status=403,
        heading=_("Access denied"),
        sentence=_("You don't have permission to view this page."),
        reference=log_refusal(request, 403),
    )
    return error_response(request, message)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Return the 404 response, also for what belongs to another user."""
    message = ErrorMessage(
        status=404,
        heading=_("Page not found"),
        sentence=_("This page does not exist, or you have no access to it."),
        reference=log_refusal(request, 404),
    )
    return error_response(request, message)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response to an uncaught exception: 503 for a database outage, else 500."""
    if outage := database.note(sys.exc_info()[1]):
        return unavailable(request, outage)
    message = ErrorMessage(
        status=500,
        heading=_("Something went wrong"),
        sentence=_("Something went wrong on our end. Your text is still here. Try again."),
        reference=reference_of(request),  # Django logs it, with its stack frames
    )
    return error_response(request, message)


def unavailable(request: HttpRequest, outage: Outage) -> HttpResponse:
    """Return the 503 response to a database outage, with a Retry-After header."""
    sentence = {
        Kind.AWAY: _("The database is unavailable. Try again in a moment."),
        Kind.READ_ONLY: _("Nothing can be saved right now. Try again in a few minutes."),
        Kind.BUSY: _("The database is overloaded right now. Try again in a moment."),
    }[outage.kind]
    # No reference: an outage is logged once, not for each request.
    message = ErrorMessage(
        status=503,
        heading=_("Temporarily unavailable"),
        sentence=sentence,
        retry_after=RETRY_AFTER[outage.kind],
        is_outage=True,
    )
    return error_response(request, message)
