"""The pages and sentences for requests that are refused before a view sees them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


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
    return refuse(
        request,
        _("Something went wrong on our side. Your text is kept; please try again."),
        500,
        "500.html",
    )
