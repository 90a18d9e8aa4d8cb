"""Django's middleware on the event loop: the same answers, no thread in between."""

import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.test import AsyncRequestFactory
from django.test.client import MULTIPART_CONTENT
from django.utils.deprecation import MiddlewareMixin

from core.web.async_middleware import SMALL_FORM_BYTES, Csrf, EventLoopMiddleware

SECRET = "a" * 32


async def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


class Noting(MiddlewareMixin):
    """Where its steps ran."""

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)
        self.threads: list[int] = []

    def process_request(self, request: HttpRequest) -> None:
        self.threads.append(threading.get_ident())

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        self.threads.append(threading.get_ident())
        return response


class Here(EventLoopMiddleware, Noting):
    """Never waits."""


class Elsewhere(EventLoopMiddleware, Noting):
    """Waits after the view."""

    def waits(self, request: HttpRequest) -> bool:
        return True


async def test_both_steps_run_on_the_loop() -> None:
    chain: Any = Here(answer)
    await chain(AsyncRequestFactory().get("/"))
    assert chain.threads == [threading.get_ident()] * 2


async def test_a_step_that_waits_runs_on_a_thread() -> None:
    chain: Any = Elsewhere(answer)
    await chain(AsyncRequestFactory().get("/"))
    before, after = chain.threads
    assert before == threading.get_ident() != after


async def test_a_refusal_before_the_view_is_the_answer() -> None:
    class Refusing(EventLoopMiddleware, MiddlewareMixin):
        def process_request(self, request: HttpRequest) -> HttpResponse:
            return HttpResponse("no", status=403)

    chain: Any = Refusing(answer)
    assert (await chain(AsyncRequestFactory().get("/"))).status_code == 403


@pytest.mark.parametrize("size", [1, SMALL_FORM_BYTES * 2])
@pytest.mark.parametrize("token", ["", SECRET])
@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
async def test_forms_of_any_size_need_the_token(size: int, token: str, kind: str) -> None:
    fields = {"text": "x" * size, "csrfmiddlewaretoken": token}
    data: Any = fields if kind.startswith("multipart") else urlencode(fields)
    parts = MULTIPART_CONTENT if kind.startswith("multipart") else kind
    request = AsyncRequestFactory().post("/", data, parts)
    request.COOKIES["chat_csrf"] = SECRET
    guard = Csrf(answer)
    guard.process_request(request)
    refused = await guard.process_view(request, answer, (), {})
    assert (refused is None) is bool(token)
