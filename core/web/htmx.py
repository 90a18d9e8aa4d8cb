"""Tell the requests of htmx from those of a page load or a plain form."""

from django.http import HttpRequest


def is_htmx(request: HttpRequest) -> bool:
    """Return whether htmx sent the request: the response then replaces a part of the page."""
    return "HX-Request" in request.headers
