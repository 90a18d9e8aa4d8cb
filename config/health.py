"""Two questions a supervisor asks: does the process answer, and does each part."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.utils import InterfaceError
from django.http import HttpRequest, HttpResponse, JsonResponse


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the event loop turns; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with "ok" or "down"; 503 while one is down."""
    parts = {"database": database(), "cache": cached()}
    status = 200 if set(parts.values()) == {"ok"} else 503
    return JsonResponse(parts, status=status)


def database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except (DatabaseError, InterfaceError):
        return "down"
    return "ok"


def cached() -> str:
    try:
        cache.get("readyz")
    except (DatabaseError, InterfaceError):
        return "down"
    return "ok"
