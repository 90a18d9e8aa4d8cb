"""`/counts`: what a web process holds, as JSON; `/grown`: where memory came from since last asked.

Only processes with the settings `tests.soak.watched` answer these.
"""

import asyncio
import gc
import os
import threading
import tracemalloc
from collections import Counter
from typing import Any

import psutil  # type: ignore[import-untyped]
from django.http import HttpRequest, JsonResponse
from django.urls import path

from chat.pubsub import pubsub
from chat.realtime.connection_registry import connections
from chat.streaming.job import queue
from chat.streaming.remote_follower import remote_followers
from chat.streaming.run_manager import runs
from chat.streaming.throttle import throttle
from config.urls import urlpatterns as usual

OURS = ("chat.", "accounts.", "config.", "daphne.", "autobahn.", "asyncio.", "httpx2.")
taken: dict[str, tracemalloc.Snapshot] = {}


def registries() -> dict[str, int]:
    """Entries of everything in the process that outlives one request."""
    return {
        "sockets": len(connections.close_by_page),
        "people": len(connections.by_user),
        "jobs": len(runs.jobs),
        "run tasks": len(runs.tasks),
        "turns": len(runs.turn_tasks),
        "mirrors": len(remote_followers.followers) + len(remote_followers.tasks),
        "listeners": len(pubsub.listeners),
        "broadcast": len(pubsub.tasks) + pubsub.outbox.qsize(),
        "line": len(queue.waiting) + queue.active.total(),
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
    }


def objects() -> dict[str, int]:
    """Live objects of our own and the server's types."""
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = type(one)
        if f"{kind.__module__}.".startswith(OURS):
            found[f"{kind.__module__}.{kind.__qualname__}"] += 1
    return dict(found)


def all_objects() -> dict[str, int]:
    return dict(Counter(type(one).__name__ for one in gc.get_objects()).most_common(25))


async def counts(request: HttpRequest) -> JsonResponse:
    process = psutil.Process(os.getpid())
    return JsonResponse(
        {
            "rss": process.memory_info().rss,
            "files": process.num_fds(),
            "registries": registries(),
            "objects": objects(),
            "all": all_objects(),
            "gap": throttle.interval,
        }
    )


async def grown(request: HttpRequest) -> JsonResponse:
    """The lines that hold more than when this was last asked; the first question begins it."""
    if not tracemalloc.is_tracing():
        tracemalloc.start(6)
    gc.collect()
    now, before = tracemalloc.take_snapshot(), taken.get("last")
    taken["last"] = now
    if before is None:
        return JsonResponse({"lines": []})
    most = now.compare_to(before, "traceback")[:15]
    lines: list[dict[str, Any]] = [
        {"bytes": stat.size_diff, "count": stat.count_diff, "at": stat.traceback.format()[-12:]}
        for stat in most
    ]
    return JsonResponse({"lines": lines})


urlpatterns = [path("counts", counts), path("grown", grown), *usual]
handler400 = "core.web.error_views.bad_request"
handler404 = "core.web.error_views.not_found"
handler500 = "core.web.error_views.server_error"
