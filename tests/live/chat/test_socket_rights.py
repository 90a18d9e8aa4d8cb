"""What a page's socket may say, and who may have one."""

import json
import re
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.frames import html_of
from tests.support.people import Person, Socket, signed_in, signed_up
from tests.support.site import Site


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
    assert refused.value.response.status_code in (400, 403)


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
    site: Site, finished: UUID, session: str
) -> None:
    for path in ("/ws/", f"/ws/c/{finished}/"):
        with Socket.open(site.url, path, session) as socket:
            frame = socket.frame()
            assert (frame["seq"], frame["event"]) == (1, "signed-out")
            assert "You are signed out." in html_of(frame)
            assert socket.close_code() == 4401


def test_a_stranger_is_told_and_closed(outsider: Person, finished: UUID) -> None:
    for key in (finished, uuid4()):
        with outsider.socket(key) as socket:
            frame = socket.frame()
            assert frame["event"] == "not-found"
            assert "does not exist or is not yours" in html_of(frame)
            assert "Light" not in json.dumps(frame)
            assert socket.close_code() == 4404


@pytest.mark.parametrize(
    "others", ['theme="da rk', "a=[1,2]; b={x:1}", "näme=1", "theme=dark", 'json={"a": "b, c"}']
)
def test_cookies_of_others_do_not_hide_the_session(
    site: Site, visitor: Person, others: str
) -> None:
    cookie = f"{others}; chat_session={visitor.session}"
    wire = [(b"Cookie", cookie.encode())]
    assert visitor.http.get("/", headers=wire).status_code == 200
    headers = {"Cookie": cookie.encode().decode("latin-1")}
    with Socket.open(site.url, "/ws/", additional_headers=headers) as socket:
        socket.quiet()


def test_signing_out_closes_the_sockets_of_the_session_only(site: Site, visitor: Person) -> None:
    leaving = signed_in(site.url, visitor.email)
    with leaving.socket() as socket, visitor.socket() as other:
        socket.quiet()
        other.quiet()
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


# One page, one socket
def test_a_page_that_opens_another_socket_gave_the_older_one_up(
    visitor: Person, finished: UUID
) -> None:
    page, other = uuid4(), uuid4()
    with (
        visitor.socket(finished, f"?page={page}") as older,
        visitor.socket(finished, f"?page={other}") as beside,
        visitor.socket(finished) as nameless,
        visitor.socket(finished, f"?page={page}") as newer,
    ):
        assert older.close_code() == 4002
        for socket in (beside, nameless, newer):
            socket.say(ping=71)
            socket.until_pong()


def test_nobody_closes_the_socket_of_somebody_else(site: Site, visitor: Person) -> None:
    page = uuid4()
    stranger = signed_up(site.url, f"{uuid4().hex}@site.example.org")
    with visitor.socket(query=f"?page={page}") as theirs:
        theirs.quiet()
        with stranger.socket(query=f"?page={page}") as own:
            own.quiet()
        theirs.quiet()
    stranger.http.close()


# Whose page it is
def test_a_page_of_somebody_else_is_told_so(site: Site, visitor: Person) -> None:
    with visitor.socket(query=f"?person={uuid4().hex}") as socket:
        # Not acknowledged: the server may have closed the socket by then.
        assert socket.frame()["event"] == "other-account"
        assert socket.close_code() == 4401


@pytest.mark.parametrize("person", ["", "x", "%00", "9" * 500])
def test_a_page_of_nobody_is_told_so_too(visitor: Person, person: str) -> None:
    with visitor.socket(query=f"?person={person}") as socket:
        assert socket.close_code() == 4401


def test_the_own_page_goes_on(visitor: Person) -> None:
    found = re.search(r'data-person="(\w+)"', visitor.get("/").text)
    assert found is not None
    with visitor.socket(query=f"?person={found[1]}") as socket:
        socket.say(ping=1)
        socket.until_pong()
