"""Django's handler of requests, without a new thread and a hop to it for each of them."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries

# Threads that wait for the next request; what more there are at once end with theirs.
MAX_IDLE_THREADS = 8


class PooledThreadHandler(ASGIHandler):
    """A request has a thread of its own for what is not asynchronous, as Django wants it: signals,
    forms of accounts, the admin. It is kept for a later request.

    What Django does with connections before a request, which is one more hop to that thread, it
    does again after it; the pool hands out only connections that are alive.
    """

    def __init__(self) -> None:
        super().__init__()
        self.idle: list[ThreadPoolExecutor] = []
        if not settings.DEBUG:  # queries that are recorded have to be forgotten
            for receiver in (close_old_connections, reset_queries):
                request_started.disconnect(receiver)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "request")
        done = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.handle(scope, receive, send)
            done = True
        finally:
            # Django ends each request on its thread, so one that is done has nothing left to do.
            if done and len(self.idle) < MAX_IDLE_THREADS:
                self.idle.append(thread)
            else:
                thread.shutdown(wait=False)
