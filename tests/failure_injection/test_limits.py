"""What one person may do at once, and what they are told."""

import re
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import Person, signed_up
from tests.support.site import Site

SMALL = {
    "LIMITS": "on",
    "MESSAGES_PER_MINUTE": "6",
    "ANSWERS_PER_PERSON": "1",
    "ANSWERS_PER_PROCESS": "2",
    "SOCKETS_PER_PERSON": "3",
}


@pytest.fixture(scope="module")
def limited(site_database: dict[str, str], upstream_server: UpstreamThread) -> Iterator[Site]:
    values = site_database | SMALL | {"INFERENCE_BASE_URL": upstream_server.base_url}
    with Site(values) as site:
        yield site


@pytest.fixture
def person(limited: Site, upstream: UpstreamThread) -> Iterator[Person]:
    found = signed_up(limited.url, f"{uuid4().hex}@limits.example.org")
    yield found
    found.http.close()


def test_too_many_messages_a_minute(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(*(answer(f"Answer {number}.") for number in range(6)))
    key = person.start("One")
    for _ in range(5):
        with person.socket(key) as socket:
            socket.until_status("complete")
        assert person.send(key, "More").status_code == 200
    with person.socket(key) as socket:
        socket.until_status("complete")
    client_id = str(uuid4())
    refused = person.post(f"/c/{key}/send/", client_id=client_id, text="Too much")
    assert refused.status_code == 429
    assert "sending messages too quickly" in refused.text
    assert 1 <= int(refused.headers["Retry-After"]) <= 10
    assert "Too much" not in person.page(key)


def test_the_line_is_shown_and_moves(person: Person, upstream: UpstreamThread) -> None:
    gates = [uuid4().hex for _ in range(3)]
    for gate in gates:
        upstream.script(answer("Mine: ", Gate(gate), "done."))
    keys: list[UUID] = [person.start(f"Question {number}") for number in range(3)]
    upstream.wait_gate(gates[0])
    with person.socket(keys[2]) as last:
        assert "number 2 in line" in html_of(last.until_text("in line"))
        upstream.release(gates[0])
        assert "number 1 in line" in html_of(last.until_text("number 1"))
        upstream.release(gates[1])
        last.until_text("Mine:")
        upstream.release(gates[2])
        last.until_status("complete")
    assert len(upstream.chats) == 3


def test_who_waits_in_line_may_stop(person: Person, upstream: UpstreamThread) -> None:
    gate = uuid4().hex
    upstream.script(answer("First ", Gate(gate), "done."))
    first, second = person.start("One"), person.start("Two")
    with person.socket(second) as socket:
        socket.until_text("in line")
        assert person.post(f"/c/{second}/stop/").status_code == 200
        socket.until_status("stopped")
    upstream.release(gate)
    with person.socket(first) as socket:
        socket.until_status("complete")
    assert len(upstream.chats) == 1


def test_too_many_answers_at_once(person: Person, upstream: UpstreamThread) -> None:
    gate = uuid4().hex
    upstream.script(answer("First ", Gate(gate), "done."))
    keys = [person.start(f"Question {number}") for number in range(4)]
    refused = person.post("/c/", client_id=str(uuid4()), text="A fifth")
    assert refused.status_code == 429
    assert "too many answers in progress" in refused.text
    for key in keys[1:]:
        person.post(f"/c/{key}/stop/")
    upstream.release(gate)
    with person.socket(keys[0]) as socket:
        socket.until_status("complete")


def test_too_many_sockets(person: Person) -> None:
    with person.socket() as one, person.socket() as two, person.socket() as three:
        for socket in (one, two, three):
            socket.quiet()
        with person.socket() as fourth:
            assert "too many pages open." in html_of(fourth.frame())
            assert fourth.close_code() == 4429


def test_a_question_that_cannot_fit_is_refused_with_counts(
    person: Person, limited: Site, upstream: UpstreamThread
) -> None:
    limited.manage("shell", "-c", WINDOW.format(window=700))
    try:
        refused = person.post("/c/", client_id=str(uuid4()), text="many words " * 500)
    finally:
        limited.manage("shell", "-c", WINDOW.format(window=32768))
    assert refused.status_code == 413
    found = re.search(r"this model: (\d+) tokens, and there is room for (\d+)", refused.text)
    assert found is not None
    assert int(found[1]) > int(found[2]) > 0
    assert upstream.chats == []


WINDOW = """
from chat.models import ChatModel
row = ChatModel.objects.get(is_default=True)
row.context_window = {window}
row.max_output = 300 if {window} < 1000 else 1024
row.save()
"""


def flood(wire: ClientConnection) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        wire.send('{"ping": 1}')


def test_flooding_closes_the_socket(person: Person) -> None:
    with person.socket() as socket:
        socket.quiet()
        with pytest.raises(ConnectionClosed):
            flood(socket.wire)


def test_a_huge_frame_closes_the_socket(person: Person) -> None:
    with person.socket() as socket:
        socket.wire.send("x" * 70_000)
        with pytest.raises(ConnectionClosed):
            socket.frame(5)


def test_a_small_frame_that_swells_closes_the_socket(person: Person) -> None:
    """A megabyte of one letter is a kilobyte when it is compressed; 100 kB fit in a short frame."""
    for size in (1_000_000, 70_000):
        with person.socket() as socket:
            socket.wire.send("x" * size)
            with pytest.raises(ConnectionClosed):
                socket.frame(5)


@pytest.mark.parametrize("compression", ["deflate", None])
def test_text_in_parts_and_odd_text_only_counts(person: Person, compression: str | None) -> None:
    with person.socket(compression=compression) as socket:
        socket.wire.send(['{"pi', 'ng": ', "3}"])
        assert socket.frame() == {"pong": 3}
        for odd in ("ü" * 40, "", "[]", b"\xff" * 20):
            socket.wire.send(odd)
        socket.quiet()


def test_what_cannot_be_unpacked_or_read_closes_the_socket(person: Person) -> None:
    for first, payload in ((0xC1, b"\xff" * 20), (0x81, b"\xff" * 20)):
        with person.socket() as socket:
            socket.quiet()
            frame = bytes((first, 0x80 | len(payload))) + bytes(4) + payload
            socket.wire.socket.sendall(frame)
            with pytest.raises(ConnectionClosed):
                socket.frame(5)
