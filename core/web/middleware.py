"""Our own middleware. Every class is async: one synchronous class would slow the whole chain."""

import ipaddress
from collections.abc import Awaitable, Callable
from functools import cached_property

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from core.web.hosts import has_allowed_port
from core.web.locale_cookies import choose_time_zone

Handler = Callable[[HttpRequest], Awaitable[HttpResponse]]

SOURCES = ("script", "style", "img", "font", "connect", "manifest")
POLICY = (
    "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    + "; ".join(f"{source}-src 'self'" for source in SOURCES)
)
# The admin's own scripts do not support Trusted Types, so it gets the policy without them.
POLICY_WITH_TRUSTED_TYPES = f"{POLICY}; require-trusted-types-for 'script'; trusted-types default"
# Neither a document nor a worker (none of ours is one), so that a policy would only be weight.
SUBRESOURCES = ("text/css", "text/javascript")


class AsyncMiddleware:
    """Base class of middleware that is async only."""

    sync_capable = False
    async_capable = True

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        return await self.get_response(request)


class HostPortMiddleware(AsyncMiddleware):
    """Refuse a Host header with a port that is not the site's; ALLOWED_HOSTS checks the name."""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        host = request.META.get("HTTP_HOST", "")
        if not has_allowed_port(host, settings.HOST_PORTS):
            raise DisallowedHost(
                "The port in the Host header is neither PORT nor the port of SITE_URL. If people "
                "reach the site through this port, add it to SITE_URL or ALLOWED_HOSTS."
            )
        return await self.get_response(request)


class ContentSecurityPolicyMiddleware(AsyncMiddleware):
    """Set the strict Content-Security-Policy, with Trusted Types on our pages.

    On every response but style sheets and scripts: browsers ask documents and workers for it.
    """

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        if response.get("Content-Type", "").startswith(SUBRESOURCES):
            return response
        is_admin = request.path_info.startswith("/admin/")
        response.headers.setdefault(
            "Content-Security-Policy", POLICY if is_admin else POLICY_WITH_TRUSTED_TYPES
        )
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), geolocation=(), microphone=()"
        )
        return response


class PrivateCacheMiddleware(AsyncMiddleware):
    """Keep pages out of shared caches, and make browsers revalidate them before reuse.

    It replaces `no-store`, which Django sets on some pages: that would disable the browser's
    back/forward cache, and going back is the most frequent navigation. static/js/session.js keeps
    that cache from showing the pages of a session that has ended.
    """

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        response = await self.get_response(request)
        cache_control = response.headers.get("Cache-Control", "no-store")
        if "no-store" in cache_control:
            response.headers["Cache-Control"] = "private, no-cache"
            response.headers.pop("Expires", None)
        return response


class TimeZoneMiddleware(AsyncMiddleware):
    """Show times in the time zone that the person chose, else in the browser's."""

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(choose_time_zone(request.COOKIES)):
            return await self.get_response(request)


class TrustedProxyMiddleware(AsyncMiddleware):
    """Trust forwarded headers only from the proxies in TRUSTED_PROXIES.

    The client's address is the last one in X-Forwarded-For that is not a trusted proxy's: the
    client can forge the entries before it.
    """

    @cached_property
    def networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES]

    def trusted(self, address: str) -> bool:
        """Return whether the address belongs to a trusted proxy."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(ip in network for network in self.networks)

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        if self.trusted(meta.get("REMOTE_ADDR", "")):
            chain = [part.strip() for part in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
            client = next((part for part in reversed(chain) if not self.trusted(part)), "")
            meta["REMOTE_ADDR"] = client or meta["REMOTE_ADDR"]
        else:
            meta.pop("HTTP_X_FORWARDED_PROTO", None)
        meta.pop("HTTP_X_FORWARDED_FOR", None)
        return await self.get_response(request)
