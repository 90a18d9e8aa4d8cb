"""Clients that do not read, do not finish, or do neither: others are served meanwhile."""

import re
import select
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from chat.realtime.connection_registry import RECONNECT
from chat.realtime.consumer import ACK_SECONDS
from core.server.http import MAX_REQUEST_BYTES, MAX_WAITING, REQUEST_SECONDS
from tests.failure_injection import raw
from tests.fake_llm import Delta, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person, Socket, signed_up
from tests.support.site import Site

# Characters of one answer; its thread is a frame of at least as many bytes.
LARGE = 300_000
# Until the last of them is let go: whoever does not read may still miss a ping of the server.
MOST_SECONDS = ACK_SECONDS + 25
HEAD = b"POST /c/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def reader(own_site: Site) -> Iterator[Person]:
    person = signed_up(own_site.url, f"{uuid4().hex}@readers.example.org")
    yield person
    person.http.close()


def large(reader: Person, upstream: UpstreamThread) -> tuple[UUID, list[str]]:
    """A conversation with two large answers to its question, and their ids."""
    text = "A line of words that goes on.\n\n" * (LARGE // 31)
    upstream.script(answer(Delta(text)), answer(Delta(text)))
    key = reader.start("Much")
    found: list[str] = []
    while len(found) < 2:
        with reader.socket(key) as page:
            page.until_status("complete")
        shown = reader.page(key)
        found += re.findall(r'data-message-id="([^"]*)" data-role="assistant"', shown)
        if len(found) == 1:
            assert reader.post(f"/m/{found[0]}/regenerate/").status_code == 200
    return key, found


def choose(reader: Person, message: str, page: Socket) -> int:
    """Show this answer; the bytes that a page that reads was sent for it."""
    assert reader.post(f"/m/{message}/choose/").status_code == 200
    return len(html_of(page.until(lambda frame: frame["event"] == "thread")))


def test_who_acknowledges_without_reading_is_owed_little(
    reader: Person, upstream: UpstreamThread
) -> None:
    key, ids = large(reader, upstream)
    with raw.websocket(reader, f"/ws/c/{key}/") as idle, reader.socket(key) as page:
        page.next()
        got = 0
        for number in range(28):
            with suppress(OSError):
                raw.say(idle, ack=10**9)
                raw.say(idle, ping=1)
            got += choose(reader, ids[number % 2], page)
        assert got > 28 * LARGE
        assert raw.all_sent(idle) < got / 2


def test_a_request_that_is_too_large_is_not_kept(own_site: Site, reader: Person) -> None:
    for head, part in (
        (b"Content-Length: 1000000000\r\n\r\n", b"x" * 65536),
        (b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    ):
        with socket.create_connection(("127.0.0.1", own_site.port), 10) as wire:
            wire.sendall(HEAD + head)
            sent = 0
            with suppress(OSError):
                while sent < 20 * MAX_REQUEST_BYTES:
                    wire.sendall(part)
                    sent += len(part)
            assert sent < 10 * MAX_REQUEST_BYTES
        assert reader.get("/").status_code == 200


def test_only_so_many_connections_may_wait_for_a_request(own_site: Site, reader: Person) -> None:
    with ExitStack() as stack:
        wires: list[socket.socket] = []
        while len(wires) < MAX_WAITING + 20:
            wire = socket.create_connection(("127.0.0.1", own_site.port), 10)
            wires.append(stack.enter_context(wire))
            if len(wires) % 40 == 0:
                # So many are taken before the next ones come.
                assert reader.get("/").status_code == 200
        assert reader.get("/").status_code == 200
        over = [number for number, wire in enumerate(wires) if raw.is_over(wire)]
    assert 20 <= len(over) <= 25
    assert over == list(range(len(over)))


def test_who_does_not_go_on_is_let_go(
    own_site: Site, reader: Person, upstream: UpstreamThread
) -> None:
    """No request, a head and a body that never end, a page that does not read, nor acknowledge."""
    key, ids = large(reader, upstream)
    with ExitStack() as stack:
        idle = [
            stack.enter_context(socket.create_connection(("127.0.0.1", own_site.port), 10))
            for _ in range(3)
        ]
        idle[1].sendall(HEAD + b"X-More: ")
        idle[2].sendall(HEAD + b"Content-Length: 100000\r\n\r\n")
        silent = stack.enter_context(reader.socket(key))
        page = stack.enter_context(reader.socket(key))
        deaf = stack.enter_context(raw.websocket(reader, f"/ws/c/{key}/"))
        page.next()
        for number in range(12):
            raw.say(deaf, ack=10**9)
            choose(reader, ids[number % 2], page)
        looks = (lambda: raw.is_over(idle[0]), dripped(idle[1]), dripped(idle[2]))
        ended = until_over(reader, (*looks, lambda: is_deaf(deaf)))
        assert max(ended[:3]) < REQUEST_SECONDS + 5
        assert code_of(silent) == RECONNECT


def dripped(wire: socket.socket) -> Callable[[], bool]:
    """Sends a byte more where a request has begun; says whether the server has closed."""

    def look() -> bool:
        if raw.is_over(wire):
            return True
        with suppress(OSError):
            wire.send(b"x")
        return False

    return look


def is_deaf(wire: socket.socket) -> bool:
    """Whether a socket that pings and reads nothing is closed by now."""
    try:
        raw.say(wire, ping=1)
    except OSError:
        return True
    return False


def until_over(reader: Person, looks: Sequence[Callable[[], bool]]) -> list[float]:
    """Seconds after which each of these was; somebody else is served all the time."""
    began = time.monotonic()
    ended: dict[int, float] = {}
    while len(ended) < len(looks):
        asked = time.monotonic()
        assert asked - began < MOST_SECONDS, ended
        for number, look in enumerate(looks):
            if number not in ended and look():
                ended[number] = time.monotonic() - began
        assert reader.get("/").status_code == 200
        assert time.monotonic() - asked < 5
        select.select([], [], [], 0.5)
    return [ended[number] for number in range(len(looks))]


def code_of(socket: Socket) -> int:
    """The code with which a page is closed that acknowledges nothing."""
    try:
        while True:
            socket.frame(ACK_SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006
