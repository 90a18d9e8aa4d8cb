"""Compress the pages that views make; static files are compressed when they are collected."""

import asyncio
import re

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

from core.web.middleware import AsyncMiddleware

# A smaller response fits into one packet as it is.
MIN_BYTES = 1400
# Up to this size it takes about a millisecond, and a thread switch would cost nearly as much.
LOOP_BYTES = 64 * 1024
# Random bytes hide how long a response is: its length would tell whether a text that an attacker
# chose occurs in it (BREACH). See "Heal the Breach" in Django's documentation.
MAX_RANDOM_BYTES = 100
TEXT = re.compile(r"text/(?!event-stream)|application/(?:json|manifest\+json)\b")
ACCEPTS_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))")


class CompressionMiddleware(AsyncMiddleware):
    """Compress text with gzip, without holding up the event loop.

    Requests that another site has caused get it uncompressed, as those are the ones that an
    attacker can repeat.
    """

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        if not is_compressible(response):
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if accepts_gzip(request) and not is_cross_site(request):
            response.content = await compress(response.content)
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Length"] = str(len(response.content))
        return response


def is_compressible(response: HttpResponse) -> bool:
    """Return whether it is a text of some length that is whole and not compressed yet."""
    return (
        not response.streaming
        and not response.has_header("Content-Encoding")
        and len(response.content) >= MIN_BYTES
        and TEXT.match(response.get("Content-Type", "")) is not None
    )


def accepts_gzip(request: HttpRequest) -> bool:
    return ACCEPTS_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")) is not None


def is_cross_site(request: HttpRequest) -> bool:
    return request.META.get("HTTP_SEC_FETCH_SITE") == "cross-site"


async def compress(content: bytes) -> bytes:
    """Compress the bytes, a large text on a thread."""
    if len(content) <= LOOP_BYTES:
        return compress_string(content, max_random_bytes=MAX_RANDOM_BYTES)
    return await asyncio.to_thread(compress_string, content, max_random_bytes=MAX_RANDOM_BYTES)
