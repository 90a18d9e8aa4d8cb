"""Pages travel compressed, with a length that does not tell what they contain."""

import asyncio
import gzip
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory

from core.web.compression import LOOP_BYTES, MIN_BYTES, CompressionMiddleware

PAGE = "<p>Some words of a page.</p>" * 100
GZIP = {"Accept-Encoding": "gzip, deflate, br"}


async def respond(response: Any, headers: dict[str, str] = GZIP) -> Any:
    async def view(request: HttpRequest) -> Any:
        return response

    return await CompressionMiddleware(view)(AsyncRequestFactory().get("/", headers=headers))


async def test_a_page_is_compressed() -> None:
    response = await respond(HttpResponse(PAGE, headers={"Content-Length": str(len(PAGE))}))
    assert response["Content-Encoding"] == "gzip"
    assert response["Vary"] == "Accept-Encoding"
    assert response["Content-Length"] == str(len(response.content))
    assert len(response.content) < 300
    assert gzip.decompress(response.content).decode() == PAGE


async def test_the_length_is_random() -> None:
    lengths = {len((await respond(HttpResponse(PAGE))).content) for _ in range(40)}
    assert len(lengths) > 10


@pytest.mark.parametrize(
    "accepted", ["", "br", "identity", "gzip;q=0", "gzip; q=0.00, br", "x-gzipped"]
)
async def test_only_where_it_is_accepted(accepted: str) -> None:
    response = await respond(HttpResponse(PAGE), {"Accept-Encoding": accepted})
    assert "Content-Encoding" not in response
    assert response["Vary"] == "Accept-Encoding"
    assert response.content.decode() == PAGE


@pytest.mark.parametrize("accepted", ["gzip", "br, gzip;q=0.5", "deflate,gzip"])
async def test_where_it_is_accepted(accepted: str) -> None:
    response = await respond(HttpResponse(PAGE), {"Accept-Encoding": accepted})
    assert response["Content-Encoding"] == "gzip"


async def test_not_for_a_request_that_another_site_caused() -> None:
    response = await respond(HttpResponse(PAGE), GZIP | {"Sec-Fetch-Site": "cross-site"})
    assert "Content-Encoding" not in response


@pytest.mark.parametrize(
    "response",
    [
        HttpResponse("x" * (MIN_BYTES - 1)),
        HttpResponse(status=204),
        HttpResponse(PAGE, content_type="image/png"),
        HttpResponse(PAGE, headers={"Content-Encoding": "br"}),
        StreamingHttpResponse([PAGE]),
    ],
)
async def test_anything_else_is_left_alone(response: Any) -> None:
    encoding = response.get("Content-Encoding")
    response = await respond(response)
    assert response.get("Content-Encoding") == encoding
    assert "Vary" not in response


@pytest.mark.parametrize(("size", "is_on_loop"), [(LOOP_BYTES, True), (LOOP_BYTES + 1, False)])
async def test_a_large_page_does_not_hold_up_the_event_loop(size: int, is_on_loop: bool) -> None:
    others: list[str] = []

    async def work() -> None:
        others.append("worked meanwhile")

    task = asyncio.create_task(work())
    response = await respond(HttpResponse("x" * size))
    assert response["Content-Encoding"] == "gzip"
    assert (others == []) is is_on_loop
    await task
