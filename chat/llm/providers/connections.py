"""Connections to model servers, kept for the next request: with TLS that saves two round trips.

A connection whose response was read to the end may be reused.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

import aiohttp

from chat.llm.providers.addresses import check_address
from chat.llm.providers.hf import httpx
from core.net import has_unread_data
from core.tasks import TaskSet

# One per process: creating it reads the certificate store, which blocks for 20 ms.
SSL = httpx.create_ssl_context()
# Shorter than the memory of firewalls: a connection that they have dropped still looks alive.
_KEEP_SECONDS = 30.0
# How long the server's machine may leave a request unacknowledged (TCP_USER_TIMEOUT).
_UNACKNOWLEDGED_MS = 10_000
_CLOSE_SECONDS = 2.0
# Deadlines are enforced by `deadlines.DeadlineTimer`.
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=None)
# Headers that aiohttp would otherwise add.
_AUTOMATIC = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")

# By event loop and keep-alive; `close_idle_connections` closes them before a loop ends.
_sessions: dict[tuple[asyncio.AbstractEventLoop, bool], aiohttp.ClientSession] = {}
# Tasks that read the end of a body, after which aiohttp keeps the connection.
closing_tasks = TaskSet()


@dataclass(slots=True)
class RequestState:
    """The state of one request, updated by aiohttp's trace signals."""

    on_connected: Callable[[], None]
    is_reused: bool = False
    since: float = field(default_factory=monotonic)


class _Connector(aiohttp.TCPConnector):
    """Closes an idle connection on which data arrived, instead of reusing it.

    aiohttp would take the data for the response to the next request, which may be another user's.
    """

    async def connect(self, *args: Any, **options: Any) -> Any:
        while True:
            connection = await super().connect(*args, **options)
            protocol = connection.protocol
            if protocol is None or not (len(protocol) or _has_unread(connection.transport)):
                return connection
            connection.close()


def _has_unread(transport: asyncio.Transport | None) -> bool:
    raw_socket = transport.get_extra_info("socket") if transport is not None else None
    return raw_socket is not None and has_unread_data(raw_socket.fileno())


def _make_socket(address_info: Any) -> socket.socket:
    """Return a socket for an address. Raises RefusedAddressError."""
    family, kind, protocol, _, address = address_info
    check_address(address[0])
    return socket.socket(family, kind, protocol)


def _make_watched_socket(address_info: Any) -> socket.socket:
    """Return a socket that fails if the peer does not acknowledge what was sent (on Linux)."""
    new_socket = _make_socket(address_info)
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        new_socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNACKNOWLEDGED_MS)
    return new_socket


async def _on_connection_created(_: object, context: Any, __: object) -> None:
    request_state: RequestState = context.trace_request_ctx
    request_state.is_reused = False
    request_state.on_connected()


async def _on_connection_reused(_: object, context: Any, __: object) -> None:
    request_state: RequestState = context.trace_request_ctx
    request_state.is_reused = True
    request_state.on_connected()


def get_session(*, keep_alive: bool) -> aiohttp.ClientSession:
    """Return this event loop's session, with or without reuse of connections."""
    key = asyncio.get_running_loop(), keep_alive
    session = _sessions.get(key)
    if session is None or session.closed:
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_end.append(_on_connection_created)
        trace.on_connection_reuseconn.append(_on_connection_reused)
        session = _sessions[key] = aiohttp.ClientSession(
            connector=_make_connector(keep_alive=keep_alive),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_NO_TIMEOUT,
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=_AUTOMATIC,
            trace_configs=[trace],
        )
    return session


def _make_connector(*, keep_alive: bool) -> aiohttp.TCPConnector:
    if not keep_alive:
        return aiohttp.TCPConnector(ssl=SSL, limit=0, force_close=True, socket_factory=_make_socket)
    return _Connector(
        ssl=SSL, limit=0, keepalive_timeout=_KEEP_SECONDS, socket_factory=_make_watched_socket
    )


async def close_idle_connections() -> None:
    """Close the idle connections of this event loop; call it before the loop ends."""
    loop = asyncio.get_running_loop()
    tasks = [task for task in closing_tasks if task.get_loop() is loop]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for keep_alive in (True, False):
        session = _sessions.pop((loop, keep_alive), None)
        if session is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await session.close()
