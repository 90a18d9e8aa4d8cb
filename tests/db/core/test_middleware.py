"""The chain that every request passes: asynchronous, strict, and not to be fooled."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings as project
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from django.utils.module_loading import import_string
from pytest_django.fixtures import Settings

from core.web.locale_cookies import find_time_zone
from core.web.middleware import (
    ContentSecurityPolicyMiddleware,
    TimeZoneMiddleware,
    TrustedProxyMiddleware,
)


# Asynchronous
@pytest.mark.parametrize("path", project.MIDDLEWARE)
def test_each_middleware_is_async(path: str) -> None:
    assert import_string(path).async_capable is True


class SyncOnly:
    """What must not come into the chain."""

    sync_capable, async_capable = True, False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)


class Handler(ASGIHandler):
    """Notes for which middleware Django goes over to threads, or back."""

    def __init__(self) -> None:
        self.adapted: list[str] = []
        super().__init__()

    def adapt_method_mode(
        self,
        is_async: bool,
        method: Any,
        method_is_async: bool | None = None,
        debug: bool = False,
        name: str | None = None,
    ) -> Any:
        found = super().adapt_method_mode(is_async, method, method_is_async, debug, name)
        if found is not method and name:
            self.adapted.append(name)
        return found


def test_the_loaded_chain_is_async_from_end_to_end(settings: Settings) -> None:
    assert Handler().adapted == []
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, f"{__name__}.SyncOnly"]
    assert f"middleware {__name__}.SyncOnly" in Handler().adapted


async def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


# Content security
@pytest.mark.parametrize(
    ("path", "types"), [("/", True), ("/c/", True), ("/admin/", False), ("/adminx/", True)]
)
async def test_every_answer_has_the_policy(path: str, types: bool) -> None:
    response = await ContentSecurityPolicyMiddleware(answer)(RequestFactory().get(path))
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert ("require-trusted-types-for 'script'" in policy) is types
    for word in ("unsafe", "data:", "http", "*", "blob:"):
        assert word not in policy
    for source in ("script", "style", "img", "connect", "font"):
        assert f"{source}-src 'self'" in policy
    for rule in ("frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"):
        assert rule in policy


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 302),
        ("/accounts/login/", 200),
        ("/nothing/", 404),
        ("/c/01900000-0000-7000-8000-000000000000/", 302),
        ("/admin/", 302),
        ("/healthz", 200),
        ("/readyz", 200),
    ],
)
def test_pages_and_refusals_have_the_policy(client: Client, path: str, status: int) -> None:
    response = client.get(path)
    assert response.status_code == status
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"


def test_a_wrong_host_is_a_400_with_the_policy(client: Client) -> None:
    response = client.get("/accounts/login/", headers={"host": "evil.example.org"})
    assert response.status_code == 400
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "evil" not in response.content.decode()


# Time zones
@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/Nowhere",
        "../../etc/passwd",
        "/etc/passwd",
        "a" * 64,
        "Europe/Berlin\x00",
        "\udcff",
        "é" * 20,
        ".",
        "tzdata.zi",
    ],
)
def test_a_zone_that_is_none_is_the_servers_own(name: str) -> None:
    assert find_time_zone(name) is None


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Argentina/Ushuaia", "UTC"])
async def test_times_are_shown_in_the_zone_of_the_cookie(name: str) -> None:
    seen: list[object] = []

    async def look(request: HttpRequest) -> HttpResponse:
        seen.append(timezone.get_current_timezone())
        return HttpResponse()

    request = RequestFactory().get("/")
    request.COOKIES["tz"] = name
    await TimeZoneMiddleware(look)(request)
    assert seen == [ZoneInfo(name)]
    assert timezone.get_current_timezone_name() == "UTC"


# Proxies
async def address(**meta: str) -> tuple[str, bool]:
    """The client's address, and whether its own word on TLS was believed."""
    request = RequestFactory().get("/")
    request.META |= meta
    await TrustedProxyMiddleware(answer)(request)
    assert "HTTP_X_FORWARDED_FOR" not in request.META
    return request.META["REMOTE_ADDR"], "HTTP_X_FORWARDED_PROTO" in request.META


async def test_without_proxies_nobody_is_believed(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = []
    spoofed = {"HTTP_X_FORWARDED_FOR": "1.1.1.1", "HTTP_X_FORWARDED_PROTO": "https"}
    assert await address(REMOTE_ADDR="9.9.9.9", **spoofed) == ("9.9.9.9", False)


@pytest.mark.parametrize(
    ("forwarded", "client"),
    [
        ("", "10.0.0.1"),
        ("1.1.1.1", "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1", "1.1.1.1"),
        ("6.6.6.6, 1.1.1.1, 10.0.0.2", "1.1.1.1"),
        ("10.0.0.9, 10.0.0.2", "10.0.0.1"),
        ("2001:db8::7", "2001:db8::7"),
        (" , ,", "10.0.0.1"),
    ],
)
async def test_behind_a_proxy_the_last_foreign_address_counts(
    settings: Settings, forwarded: str, client: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]
    seen = await address(
        REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https"
    )
    assert seen == (client, True)


async def test_a_stranger_who_claims_to_be_a_proxy_is_not_believed(
    settings: Settings,
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/8"]
    spoofed = {"HTTP_X_FORWARDED_FOR": "10.0.0.5", "HTTP_X_FORWARDED_PROTO": "https"}
    assert await address(REMOTE_ADDR="9.9.9.9", **spoofed) == ("9.9.9.9", False)
