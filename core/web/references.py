"""A short reference that an error page and its log line share, so that an operator who is told
one finds the other."""

import logging
import secrets
import time
from typing import Any

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("chat.refused")

HEADER = "X-Request-ID"
# Without signs that look alike: it is read out and typed.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10
# Lines at once and a second: strangers cause refusals at will, and must not fill the log.
BURST, RATE = 60.0, 0.5


class LineBudget:
    """How many lines may still be written, by a clock that nobody sets."""

    def __init__(self, burst: float, rate: float) -> None:
        self.burst, self.rate = burst, rate
        self.left, self.counted_at = burst, time.monotonic()

    def take(self) -> bool:
        now = time.monotonic()
        self.left = min(self.burst, self.left + self.rate * (now - self.counted_at))
        self.counted_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


budget = LineBudget(BURST, RATE)


def reference_of(request: HttpRequest) -> str:
    """The request's reference, made the first time that somebody asks for it."""
    known = existing_reference(request)
    if known:
        return known
    made = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
    request.chat_reference = made  # type: ignore[attr-defined]
    return made


def existing_reference(request: Any) -> str:
    """The reference if the request has one yet, else ""."""
    return getattr(request, "chat_reference", "")


def log_refusal(request: HttpRequest, status: int, code: str = "") -> str:
    """Write one line about a refused request and return its reference; "" if too many were written.

    The line names the route, not the path, which may hold the secret of a link.
    """
    if not budget.take():
        return ""
    match = request.resolver_match
    log.info(
        "%s refused with %d%s, reference %s",
        match.route if match and match.route else "a request",
        status,
        f" {code}" if code else "",
        reference_of(request),
    )
    return reference_of(request)


def set_reference(response: HttpResponse, reference: str) -> None:
    """Name the reference in the response's header, for scripts and proxies."""
    if reference:
        response[HEADER] = reference
