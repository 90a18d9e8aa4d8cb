"""Two questions a supervisor asks: does the process answer, and does each part."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.db.connection import check_writable
from core.db.errors import DATABASE_ERRORS
from core.db.outages import database


async def healthz(request: HttpRequest) -> HttpResponse:
    """200 while the event loop turns; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Each part with "ok", or "down" and the reason; 503 while one is down."""
    parts = {"database": state_of(check_database), "cache": state_of(check_cache)}
    status = 200 if set(parts.values()) == {"ok"} else 503
    return JsonResponse(parts, status=status)


def state_of(check: Callable[[], None]) -> str:
    """ "ok", or what the check failed with; no address and no password."""
    try:
        check()
    except DATABASE_ERRORS as problem:
        outage = database.note(problem)
        return f"down: {outage.reason}" if outage else "down"
    return "ok"


def check_database() -> None:
    check_writable(connection)


def check_cache() -> None:
    cache.get("readyz")
