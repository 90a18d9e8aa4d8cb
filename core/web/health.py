"""Health checks for supervisors and load balancers: liveness and readiness."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from core.db.connection import check_writable
from core.db.errors import DATABASE_ERRORS
from core.db.outages import database


async def healthz(request: HttpRequest) -> HttpResponse:
    """Return 200 while the event loop runs; checks nothing else."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """Return the state of each part, "ok" or "down: reason"; 503 while one is down."""
    parts = {"database": part_state(check_database), "cache": part_state(check_cache)}
    status = 200 if set(parts.values()) == {"ok"} else 503
    return JsonResponse(parts, status=status)


def part_state(check: Callable[[], None]) -> str:
    """Return "ok", or "down" with a reason that holds no address and no password."""
    try:
        check()
    except DATABASE_ERRORS as error:
        outage = database.note(error)
        return f"down: {outage.reason}" if outage else "down"
    return "ok"


def check_database() -> None:
    """Raise the database's error if it cannot be written."""
    check_writable(connection)


def check_cache() -> None:
    """Raise the error of the cache if it cannot be read."""
    cache.get("readyz")
