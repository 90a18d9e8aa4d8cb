"""The site with an address that fails, for the pages of failure."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import handler400, handler403, handler404, handler500, urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

SECRET = "what Ada wrote"


def fail(request: HttpRequest, kind: str) -> HttpResponse:
    raise {"500": RuntimeError, "403": PermissionDenied, "400": SuspiciousOperation}[kind](SECRET)


urlpatterns = [*urlpatterns, path("fail/<str:kind>/", fail)]
