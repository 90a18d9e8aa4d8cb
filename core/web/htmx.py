"""Tell the requests of htmx from those of a page load or a plain form."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def is_htmx(request: HttpRequest) -> bool:
    """Return whether htmx sent the request: the response then replaces a part of the page."""
    return "HX-Request" in request.headers


def current_path(request: HttpRequest) -> str:
    """Return the path of the page from which htmx sent the request, "" for other requests."""
    try:
        return urlsplit(request.headers.get("HX-Current-URL", "")).path
    except ValueError:
        return ""
