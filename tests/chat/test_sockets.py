"""The page's socket: what it is sent, what it may say, and who may have one."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.chat.people import Person, Socket, signed_in, signed_up
from tests.site import Site
from tests.upstream import Gate, UpstreamThread, answer

KEYS = {"seq", "event", "message_id", "revision", "status", "content"}


@pytest.fixture
def waiting(visitor: Person, upstream: UpstreamThread) -> Any:
    """A conversation whose answer waits in the middle, at a gate."""
    upstream.script(answer("Light ", Gate("middle"), "scatters ", Gate("end"), "in air."))
    key = visitor.start("Why is the sky blue?")
    upstream.wait_gate("middle")
    yield key
    upstream.release("middle")
    upstream.release("end")
    with visitor.socket(key) as socket:
        socket.until(lambda _: "in air." in visitor.page(key))


@pytest.fixture
def finished(visitor: Person, upstream: UpstreamThread) -> Any:
    upstream.script(answer("Light scatters in air."))
    key = visitor.start("Why is the sky blue?")
    with visitor.socket(key) as socket:
        socket.until_status("complete")
    return key


# The state
def test_a_socket_first_gets_what_there_is(visitor: Person, waiting: Any) -> None:
    with visitor.socket(waiting) as socket:
        thread = socket.next()
        assert (thread["seq"], thread["event"]) == (1, "thread")
        assert "Why is the sky blue?" in thread["content"]
        assert 'hx-target="#thread" hx-swap="innerHTML"' in thread["content"]
        text = socket.next()
        assert (text["seq"], text["event"], text["status"]) == (2, "answer", "streaming")
        assert "Light" in text["content"]


def test_a_page_that_is_up_to_date_gets_only_the_text(visitor: Person, waiting: Any) -> None:
    with visitor.socket(waiting, f"?at={visitor.version(waiting)}") as socket:
        first = socket.next()
        assert first["event"] == "answer"
        assert "Light" in first["content"]
        socket.quiet()


def test_a_page_that_is_behind_gets_the_thread(visitor: Person, finished: Any) -> None:
    at = visitor.version(finished)
    with visitor.socket(finished, f"?at={at}") as socket:
        socket.quiet()
    with visitor.socket(finished, f"?at={at - 1}") as socket:
        thread = socket.next()
        assert thread["event"] == "thread"
        assert f'value="{at}"' in thread["content"]
        assert "Light scatters in air." in thread["content"]


@pytest.mark.parametrize("at", ["", "x", "-1", "9" * 30, "%FF", "1&at=2", "٣", "1.5"])
def test_an_odd_version_is_an_old_one(visitor: Person, finished: Any, at: str) -> None:
    with visitor.socket(finished, f"?at={at}&x&=&") as socket:
        assert socket.next()["event"] == "thread"


def test_a_page_that_comes_again_gets_its_sidebar(visitor: Person, finished: Any) -> None:
    at = visitor.version(finished)
    with visitor.socket(finished, f"?at={at}&again=1") as socket:
        frame = socket.next()
        assert frame["event"] == "sidebar"
        assert 'hx-target="#rows" hx-swap="innerHTML"' in frame["content"]
        assert f"row-{finished.hex}" in frame["content"]


# Frames
def test_frames_have_the_known_keys_and_others_only_when_they_changed(
    visitor: Person, waiting: Any, upstream: UpstreamThread
) -> None:
    said: dict[str, Any] = {}
    with visitor.socket(waiting) as socket:
        upstream.release("middle")
        upstream.release("end")
        frames = [socket.next()]
        while 'data-status="complete"' not in frames[-1]["content"]:
            frames.append(socket.next())
    assert [frame["seq"] for frame in frames] == list(range(1, len(frames) + 1))
    for frame in frames:
        assert {"seq", "event", "content"} <= set(frame) <= KEYS
        for key in set(frame) - {"seq", "event", "content"}:
            assert said.get(key) != frame[key], frame
            said[key] = frame[key]
    upstream.script(answer("x"))
    assert said["message_id"] in frames[-1]["content"]


def test_revisions_grow(visitor: Person, waiting: Any, upstream: UpstreamThread) -> None:
    revisions = []
    with visitor.socket(waiting) as socket:
        for gate in ("middle", "end"):
            frame = socket.until(lambda frame: frame["event"] == "answer")
            revisions.append(frame["revision"])
            upstream.release(gate)
        socket.until_status("complete")
    assert revisions == sorted(set(revisions))


def test_there_is_no_second_frame_before_the_acknowledgement(
    visitor: Person, waiting: Any, upstream: UpstreamThread
) -> None:
    with visitor.socket(waiting, f"?at={visitor.version(waiting)}") as socket:
        first = socket.frame()
        assert "Light" in first["content"]
        upstream.release("middle")
        upstream.release("end")
        with visitor.socket(waiting) as other:
            other.until_status("complete")
        socket.quiet()
        socket.say(ack=first["seq"] - 1)
        socket.quiet()
        socket.say(ack=first["seq"])
        last = socket.until_status("complete")
        assert last["seq"] <= 3
        assert "Light scatters in air." in last["content"]


def test_acknowledging_what_was_never_sent_opens_no_gate(
    visitor: Person, waiting: Any, upstream: UpstreamThread
) -> None:
    with visitor.socket(waiting, f"?at={visitor.version(waiting)}") as socket:
        socket.say(ack=10**9)
        socket.until_text("Light")
        socket.say(ack=10**9)
        upstream.release("middle")
        second = socket.frame()
        assert "scatters" in second["content"]
        upstream.release("end")
        with visitor.socket(waiting) as other:
            other.until_status("complete")
        socket.quiet()


def test_two_tabs_both_get_the_final_text(
    visitor: Person, waiting: Any, upstream: UpstreamThread
) -> None:
    with visitor.socket(waiting) as one, visitor.socket(waiting) as two:
        one.until_text("Light")
        upstream.release("middle")
        upstream.release("end")
        last = [socket.until_status("complete")["content"] for socket in (one, two)]
    assert last[0] == last[1]
    assert "Light scatters in air." in last[0]
    (article,) = re.findall(r"<article .*?</article>", last[0])
    assert article in visitor.page(waiting)


def test_a_slow_page_still_hears_of_its_sidebar(
    visitor: Person, finished: Any, upstream: UpstreamThread
) -> None:
    """While text comes faster than acknowledgements there is always another frame of it."""
    upstream.script(answer("Light ", *["scatters "] * 20, Gate("more"), reason="stop"))
    visitor.send(finished, "And at night?")
    upstream.wait_gate("more")
    at = visitor.version(finished)
    with visitor.socket(finished, f"?at={at}") as socket:
        first = socket.frame()
        assert first["event"] == "answer"
        visitor.post(f"/c/{finished}/rename/", title="Night")
        with visitor.socket() as other:
            visitor.post(f"/c/{finished}/rename/", title="Night sky")
            other.until_text("Night sky")
        upstream.release("more")
        with visitor.socket(finished) as reader:
            reader.until_status("complete")
        socket.say(ack=first["seq"])
        socket.until_text("Night sky")


# What happens elsewhere
def test_a_question_from_another_tab_appears(
    visitor: Person, finished: Any, upstream: UpstreamThread
) -> None:
    with visitor.socket(finished, f"?at={visitor.version(finished)}") as socket:
        upstream.script(answer("Because."))
        assert visitor.send(finished, "Really?").status_code == 200
        frame = socket.until_text("Really?")
        assert 'hx-target="#thread" hx-swap="beforeend"' in frame["content"]
        assert "Light scatters" not in frame["content"]
        assert "Because." in socket.until_status("complete")["content"]


def test_another_answer_takes_the_place_of_the_first(
    visitor: Person, finished: Any, upstream: UpstreamThread
) -> None:
    key = re.findall(r'data-message-id="([^"]*)" data-role="assistant"', visitor.page(finished))[0]
    with visitor.socket(finished, f"?at={visitor.version(finished)}") as socket:
        upstream.script(answer("Another one."))
        assert visitor.post(f"/m/{key}/regenerate/").status_code == 200
        last = socket.until_status("complete")["content"]
        assert "Another one." in last
        assert "2 of 2" in last
        visitor.post(f"/m/{key}/choose/")
        frame = socket.until_text("1 of 2")
        assert "Light scatters" in frame["content"]
        assert "Another one." not in frame["content"]


def test_a_deletion_is_told_and_taken_back(visitor: Person, finished: Any) -> None:
    with visitor.socket(finished, f"?at={visitor.version(finished)}") as socket:
        assert visitor.post(f"/c/{finished}/delete/").status_code == 200
        frame = socket.until(lambda frame: frame["event"] == "gone")
        assert "This conversation was deleted." in frame["content"]
        visitor.post(f"/c/{finished}/restore/")
        frame = socket.until(lambda frame: frame["event"] == "thread")
        assert "Light scatters" in frame["content"]


def test_the_sidebar_of_every_page_hears_of_new_conversations(
    visitor: Person, outsider: Person, upstream: UpstreamThread
) -> None:
    with visitor.socket() as socket, outsider.socket() as stranger:
        upstream.script(answer("Light."))
        key = visitor.start("A new one?")
        frame = socket.until_text(f"row-{key.hex}")
        assert 'hx-target="#rows-today" hx-swap="afterbegin"' in frame["content"]
        visitor.post(f"/c/{key}/rename/", title="Renamed")
        socket.until_text("Renamed")
        visitor.post(f"/c/{key}/delete/")
        socket.until_text(f'hx-target="#row-{key.hex}" hx-swap="delete"')
        stranger.quiet()


# What it may say
@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        "null",
        "7",
        '{"ack": "1"}',
        '{"ack": 1.0}',
        '{"ack": true}',
        '{"ack": null}',
        '{"ack": 1, "ping": 1}',
        '{"send": "text"}',
        '{"ack": ' + "9" * 250,
        '{"ping": 1' + " " * 300 + "}",
        "[" * 250,
        "\x00",
        b"\x00\xff",
        b'{"ping": 1}',
    ],
    ids=repr,
)
def test_what_it_does_not_understand_is_ignored(visitor: Person, text: str | bytes) -> None:
    with visitor.socket() as socket:
        socket.wire.send(text)
        socket.quiet()


def test_a_socket_that_talks_nonsense_is_closed(site: Site, visitor: Person) -> None:
    before = len(site.log())
    with visitor.socket() as socket:
        for _ in range(50):
            socket.wire.send("nonsense")
        socket.quiet()
        socket.wire.send("nonsense")
        assert socket.close_code() == 4400
    assert "Traceback" not in site.log()[before:]


def test_a_ping_is_answered(visitor: Person) -> None:
    with visitor.socket() as socket:
        for number in (0, -1, 7, 10**15):
            socket.say(ping=number)
            assert socket.frame() == {"pong": number}


# Who
@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example.org",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://127.0.0.1.evil.example.org:{port}",
    ],
)
def test_a_wrong_origin_is_refused_in_the_handshake(
    site: Site, visitor: Person, origin: str | None
) -> None:
    origin = origin.format(port=site.port) if origin else None
    with pytest.raises(InvalidStatus) as refused:
        Socket.open(site.url, "/ws/", visitor.session, origin=origin)
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/ws", "/ws/c/1/", "/ws/x/", "/", "/ws/c/"])
def test_an_address_that_does_not_exist_is_refused_without_a_traceback(
    site: Site, visitor: Person, path: str
) -> None:
    before = len(site.log())
    with pytest.raises((InvalidStatus, ConnectionClosed)):
        Socket.open(site.url, path, visitor.session).frame()
    assert site.log()[before:] == ""


@pytest.mark.parametrize("session", ["", "x", "x" * 32, "a" * 5_000])
def test_those_who_are_not_signed_in_are_told_and_closed(
    site: Site, finished: Any, session: str
) -> None:
    for path in ("/ws/", f"/ws/c/{finished}/"):
        with Socket.open(site.url, path, session) as socket:
            frame = socket.frame()
            assert (frame["seq"], frame["event"]) == (1, "signed-out")
            assert "You are signed out." in frame["content"]
            assert socket.close_code() == 4401


def test_a_stranger_is_told_and_closed(outsider: Person, finished: Any) -> None:
    for key in (finished, uuid4()):
        with outsider.socket(key) as socket:
            frame = socket.frame()
            assert frame["event"] == "not-found"
            assert "does not exist, or it is not yours" in frame["content"]
            assert "Light" not in json.dumps(frame)
            assert socket.close_code() == 4404


@pytest.mark.parametrize(
    "others", ['theme="da rk', "a=[1,2]; b={x:1}", "näme=1", "theme=dark", 'json={"a": "b, c"}']
)
def test_cookies_of_others_do_not_hide_the_session(
    site: Site, visitor: Person, others: str
) -> None:
    cookie = f"{others}; chat_session={visitor.session}"
    assert visitor.http.get("/", headers={"Cookie": cookie.encode()}).status_code == 200
    headers = {"Cookie": cookie.encode().decode("latin-1")}
    with Socket.open(site.url, "/ws/", additional_headers=headers) as socket:
        socket.quiet()


def test_signing_out_closes_the_sockets_of_the_session_only(site: Site, visitor: Person) -> None:
    leaving = signed_in(site.url, visitor.email)
    with leaving.socket() as socket, visitor.socket() as other:
        assert leaving.post("/accounts/logout/", htmx=False).status_code == 302
        frame = socket.frame()
        assert frame["event"] == "signed-out"
        assert socket.close_code() == 4401
        other.quiet()
    leaving.http.close()


def test_a_new_person_has_a_socket_at_once(site: Site) -> None:
    person = signed_up(site.url, f"{uuid4().hex}@site.example.org")
    with person.socket() as socket:
        socket.quiet()
    person.http.close()
