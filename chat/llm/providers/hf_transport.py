"""The HTTP client of huggingface_hub: map hosts, and let only event streams through.

Any other response becomes an AttemptError here, before huggingface_hub parses its body, which
fails on unusual ones. A whole answer as JSON becomes a stream of one event.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field

from chat.llm.providers.base_urls import redact_address
from chat.llm.providers.connections import SSL
from chat.llm.providers.error_codes import code_for_status, named_window, requested_wait
from chat.llm.providers.errors import AttemptError
from chat.llm.providers.hf import httpx, set_async_client_factory, set_client_factory
from chat.llm.providers.http_transport import AiohttpTransport, Body
from chat.llm.providers.refusals import NO_REFUSAL, find_refusal
from chat.llm.providers.sse import DONE, EventLines, encode_lines
from chat.llm.providers.whole_body import BodyStart, media_type_of
from chat.provider_error import Evidence

_LOOKUP_SECONDS = 10.0
_BODY_BYTES = 16_384
_BODY_SECONDS = 1.0
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _do_nothing() -> None:
    return None


@dataclass(slots=True)
class Attempt:
    """The options of one attempt for its transport.

    `on_connected` is called just before the request is sent. With `dry`, `PreparedError` is raised
    instead of sending it. With `keep_alive`, the connection may be a reused one and is kept
    afterwards. `body` is set to the response's stream of events when its headers arrive.
    """

    router_map: Mapping[str, str] = field(default_factory=dict)
    frame_bytes: int = 2_000_000
    on_connected: Callable[[], None] = _do_nothing
    dry: bool = False
    keep_alive: bool = False
    body: EventStream | None = None


# huggingface_hub's client factory takes no argument, so the attempt reaches it through the context.
ATTEMPT: ContextVar[Attempt] = ContextVar("chat_provider_attempt", default=Attempt())  # noqa: B039


# A caller that wants to know who served an answer sets a list, which gets Hugging Face's provider.
SERVED_BY: ContextVar[list[str] | None] = ContextVar("chat_provider_served_by", default=None)


class PreparedError(Exception):
    """Raised by a dry attempt instead of sending the request."""


class EventStream(httpx.AsyncByteStream):
    """The body of a streamed answer, as payloads for us or as `data:` lines for huggingface_hub.

    `is_done` tells whether the server has sent `[DONE]`, `has_bytes` whether it has sent anything.
    """

    def __init__(self, inner: Body, limit: int, start: BodyStart) -> None:
        self._inner = inner
        self._lines = EventLines(limit)
        self._start: BodyStart | None = start
        self._is_over = False
        self.is_done = False
        self.has_bytes = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (payloads := await self.read()) is not None:
            if payloads:
                yield encode_lines(payloads)

    async def read(self) -> list[bytes] | None:
        """Wait for the next payloads, including `[DONE]`; return None at the end."""
        if self._lines.failure is not None:
            raise self._lines.failure
        if self._is_over:
            return None
        chunk = await self._inner.read()
        self._is_over = not chunk
        self.has_bytes = self.has_bytes or bool(chunk)
        if self._start is not None:
            return self._parse_start(self._start, chunk)
        return self._parse_end() if self._is_over else self._parse(chunk)

    def read_available(self) -> list[bytes]:
        """Return the payloads that have arrived; none if `read` has to raise an error."""
        if self._start is not None or self._lines.failure is not None:
            return []
        chunk = self._inner.read_available()
        return self._parse(chunk) if chunk else []

    def _parse_start(self, start: BodyStart, chunk: bytes) -> list[bytes]:
        """Return the payloads of the first bytes: of events, or of a whole JSON document."""
        events = start.feed(chunk)
        if events is None and (document := start.document(at_end=self._is_over)) is not None:
            self._inner.is_over = self._is_over = self.is_done = True
            return [document, DONE]
        if events is None and not self._is_over:
            return []
        self._start = None
        payloads = self._parse(start.rest() if events is None else events)
        return payloads + self._parse_end() if self._is_over else payloads

    def _parse(self, chunk: bytes) -> list[bytes]:
        payloads = self._lines.feed(chunk)
        if payloads:
            self._inner.is_over = payloads[-1] == DONE
            self.is_done = self.is_done or DONE in payloads
        return payloads

    def _parse_end(self) -> list[bytes]:
        payloads = self._lines.close()
        self.is_done = self.is_done or DONE in payloads
        return payloads

    async def aclose(self) -> None:
        await self._inner.aclose()


class StreamTransport(httpx.AsyncBaseTransport):
    """Sends one request and raises AttemptError unless the response may be an event stream."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._inner = AiohttpTransport(attempt.on_connected, keep_alive=attempt.keep_alive)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._attempt.dry:
            raise PreparedError
        asked = redact_address(str(request.url))
        _map_host(request, self._attempt.router_map)
        request.headers["accept"] = "text/event-stream"
        request.headers["accept-encoding"] = "identity"
        response = await self._inner.handle_async_request(request)
        if (served_by := SERVED_BY.get()) is not None:
            served_by.append(response.headers.get("x-inference-provider", ""))
        if not _may_be_stream(response):
            raise await _to_attempt_error(response, asked, await request.aread())
        limit = self._attempt.frame_bytes
        start = BodyStart(response.headers.get("content-type", ""), limit, asked)
        self._attempt.body = EventStream(_body(response), limit, start)
        return httpx.Response(
            200,
            headers={"content-type": "text/event-stream; charset=utf-8"},
            stream=self._attempt.body,
        )

    async def aclose(self) -> None:
        await self._inner.aclose()


class LookupTransport(httpx.HTTPTransport):
    """Sends huggingface_hub's own blocking look-ups to the Hub."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        _map_host(request, ATTEMPT.get().router_map)
        return super().handle_request(request)


def _map_host(request: httpx.Request, router_map: Mapping[str, str]) -> None:
    """Send a request for a mapped host to its loopback address, with the same Host header."""
    address = router_map.get(request.url.host)
    if address is None:
        return
    target = httpx.URL(f"http://{address}")
    if target.host not in _LOOPBACK:
        raise AttemptError("not_configured")
    request.url = request.url.copy_with(scheme="http", host=target.host, port=target.port)


def _may_be_stream(response: httpx.Response) -> bool:
    """Return whether the body is to be read; its first bytes tell what it is."""
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    return response.status_code == 200 and encoding in {"", "identity"}


async def _to_attempt_error(response: httpx.Response, asked: str, sent: bytes) -> AttemptError:
    """Close the response and return what it means; `sent` is the body of the request."""
    status = response.status_code
    try:
        body = await _read_start(response) if status >= 400 else ""
    finally:
        await response.aclose()
    code = code_for_status(status, body)
    is_context = code == "context_too_long"
    is_readable = bool(body) and not is_context
    refusal = find_refusal(status, body, json.loads(sent)) if is_readable else NO_REFUSAL
    return AttemptError(
        code,
        evidence=Evidence(
            status=status,
            asked=asked,
            content_type=_content_type(response),
            parameter=refusal.name,
            window=named_window(body) if is_context else None,
        ),
        retry_after=requested_wait(response.headers.get("retry-after"), body),
        refusal=refusal,
    )


def _content_type(response: httpx.Response) -> str:
    """Return the media type, with the encoding of a compressed body, as far as they are plain."""
    media_type = media_type_of(response.headers.get("content-type", ""))
    encoding = response.headers.get("content-encoding", "")
    return (
        f"{media_type}, {encoding}" if encoding in ("gzip", "deflate", "br", "zstd") else media_type
    )


async def _read_start(response: httpx.Response) -> str:
    """Return up to 16 KiB of an error body, as much as arrives within a second."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in _body(response):
                body += chunk
                if len(body) >= _BODY_BYTES:
                    break
    except (httpx.TransportError, TimeoutError):
        pass  # the status alone is enough
    return body[:_BODY_BYTES].decode("utf-8", "replace")


def _body(response: httpx.Response) -> Body:
    if not isinstance(response.stream, Body):
        raise TypeError("The response did not come from AiohttpTransport.")
    return response.stream


def _async_client() -> httpx.AsyncClient:
    # `trust_env` is off because a proxy would see the token and .netrc could replace it.
    return httpx.AsyncClient(
        transport=StreamTransport(ATTEMPT.get()), follow_redirects=False, trust_env=False
    )


def _lookup_client() -> httpx.Client:
    return httpx.Client(
        transport=LookupTransport(verify=SSL, trust_env=False),
        follow_redirects=True,
        trust_env=False,
        timeout=_LOOKUP_SECONDS,
    )


set_async_client_factory(_async_client)
set_client_factory(_lookup_client)
