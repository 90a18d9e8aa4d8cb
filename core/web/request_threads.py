"""Reuse the threads on which requests run their synchronous code."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.signals import request_started
from django.db import close_old_connections, reset_queries

# Idle threads kept for later requests; threads beyond that end with their request.
MAX_IDLE_THREADS = 8


class RequestThreads:
    """ASGI wrapper around Django's application that gives each request a thread from a pool.

    Django wants one thread per request for synchronous code: signals, account forms, the admin. It
    would start and join one for each request. Within a `ThreadSensitiveContext` it uses ours.

    Django closes old connections before and after each request, each time with a switch to that
    thread. We skip the one before: a connection lives no longer than its request.
    """

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.idle: list[ThreadPoolExecutor] = []
        if not settings.DEBUG:  # DEBUG records queries, which have to be reset
            for receiver in (close_old_connections, reset_queries):
                request_started.disconnect(receiver)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "request")
        finished = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.inner(scope, receive, send)
            finished = True
        finally:
            # Django finishes a request on its thread, so after a normal end the thread is idle.
            if finished and len(self.idle) < MAX_IDLE_THREADS:
                self.idle.append(thread)
            else:
                thread.shutdown(wait=False)
