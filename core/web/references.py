"""Short references that an error page and its log line share.

A user reports the reference, and the operator finds the log line with it.
"""

import logging
import secrets
import time
from typing import Any

from django.http import HttpRequest, HttpResponse

log = logging.getLogger("chat.refused")

HEADER = "X-Request-ID"
# Without characters that look alike: people read a reference out and type it.
SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"
LENGTH = 10
# Token bucket: lines at once, and lines per second. Anybody can cause refusals, and must not be
# able to fill the log.
BURST, RATE = 60.0, 0.5


class LineBudget:
    """A token bucket for log lines, measured by the monotonic clock."""

    def __init__(self, burst: float, rate: float) -> None:
        self.burst, self.rate = burst, rate
        self.left, self.counted_at = burst, time.monotonic()

    def take(self) -> bool:
        """Use one token; return False if none is left."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + self.rate * (now - self.counted_at))
        self.counted_at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


budget = LineBudget(BURST, RATE)


def reference_of(request: HttpRequest) -> str:
    """Return the request's reference; create it on the first call."""
    reference = existing_reference(request)
    if not reference:
        reference = "".join(secrets.choice(SIGNS) for _ in range(LENGTH))
        request.chat_reference = reference  # type: ignore[attr-defined]
    return reference


def existing_reference(request: Any) -> str:
    """Return the request's reference, "" if it has none yet."""
    return getattr(request, "chat_reference", "")


def log_refusal(request: HttpRequest, status: int, code: str = "") -> str:
    """Log one line about a refused request and return its reference; "" above the rate limit.

    The line names the route, not the path, which may contain the secret of a one-time link.
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
    """Set the reference as a response header, for scripts and proxies."""
    if reference:
        response[HEADER] = reference
