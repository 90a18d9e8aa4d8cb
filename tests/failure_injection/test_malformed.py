"""Requests that no browser sends: each is refused with a sentence, none is an error of the site."""

import random
import re
import socket
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.support.people import Person, signed_up
from tests.support.site import Site

NO_ID = "00000000-0000-4000-8000-000000000000"  # of nothing that exists
TROUBLE = re.compile(r"Traceback|ERROR|Exception|Error\b")
ODD = (b"\x00", b"\xff", b"\x80", b"\xc3\x28", b"\xed\xa0\x80", b"\r", b"\x1b", b"\x7f", b"%", b'"')
ENCODED = (
    "%00",
    "%ff",
    "%c3%28",
    "%ed%a0%80",
    "%",
    "%zz",
    "%0d%0a",
    "%e2%80%ae",
    "\\000",
    "[",
    "%5b",
)
OCTAL = '"\\000\\000\\000\\000\\000\\000\\000\\000\\000"'
PATHS = (
    *("/", "/search/?q=x", "/rows/?before=x", "/accounts/login/?next=x", "/admin/", "/healthz"),
    *("/accounts/password/reset/key/x-y/", "/accounts/confirm-email/x/", "/accounts/setup/x/"),
    *("/admin/accounts/user/?q=x", "/admin/accounts/user/x/change/", "/static/x", "/readyz"),
    *("/c/x/", "/m/x/about/", "/favicon.ico"),
)


@pytest.fixture(scope="module")
def person(own_site: Site) -> Iterator[Person]:
    found = signed_up(own_site.url, f"{uuid4().hex}@malformed.example.org")
    yield found
    found.http.close()


@pytest.fixture(autouse=True)
def _nothing_is_logged(own_site: Site) -> Iterator[None]:
    before = len(own_site.log())
    yield
    logged = own_site.log()[before:]
    assert not TROUBLE.search(logged), logged


def sent(site: Site, data: bytes, seconds: float = 1.5) -> bytes:
    """What the server answers to these bytes on a connection of their own: all until it closes, the
    head of a websocket, or what came in so many seconds where it waits for more."""
    answer = b""
    with socket.create_connection(("127.0.0.1", site.port), seconds) as wire:
        wire.sendall(data)
        try:
            while part := wire.recv(65536):
                answer += part
                if answer.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in answer:
                    break
        except (ConnectionResetError, TimeoutError):
            pass
    return answer


def status_of(answer: bytes) -> int:
    """0 where there is none."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0


def request(
    site: Site, target: bytes, *lines: bytes, method: bytes = b"GET", body: bytes = b""
) -> bytes:
    head = [
        method + b" " + target + b" HTTP/1.1",
        f"Host: 127.0.0.1:{site.port}".encode(),
        b"Connection: close",
        *lines,
    ]
    if body:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join([*head, b"", b""]) + body


def cookies(person: Person, **others: str) -> bytes:
    found = {"chat_session": person.session, "chat_csrf": person.http.cookies["chat_csrf"]}
    return b"Cookie: " + "; ".join(f"{k}={v}" for k, v in (found | others).items()).encode(
        "latin-1"
    )


def check(answer: bytes, what: object) -> None:
    """Refused or answered, never an error; a refusal without a page has at least a sentence."""
    status = status_of(answer)
    assert 0 < status < 500, (what, answer[:300])
    if status == 400:
        body = answer.split(b"\r\n\r\n", 1)[1]
        assert b"." in body, (what, answer[:300])


COOKIES = (
    *("chat_session", "chat_csrf", "django_language", "language", "tz", "time_zone", "theme"),
    *("messages", "sessionid"),
)
VALUES = (
    OCTAL,
    '"\\000"',
    '"\\377\\012x"',
    "\xff" * 40,
    "x" * 7000,
    "=;=",
    '"',
    "%00" * 12,
    "..",
    "\x80",
)


@pytest.mark.parametrize("name", COOKIES)
def test_cookies(own_site: Site, person: Person, name: str) -> None:
    for value in VALUES:
        for path in (b"/", b"/search/?q=x", b"/accounts/login/", b"/admin/", b"/accounts/email/"):
            line = cookies(person, **{name: value})
            check(sent(own_site, request(own_site, path, line)), (name, value, path))
        form = cookies(person, **{name: value})
        post = request(own_site, b"/draft/", form, TYPE, method=b"POST", body=b"text=x")
        check(sent(own_site, post), (name, value, "post"))
        check(sent(own_site, handshake(own_site, form)), (name, value, "socket"))


TYPE = b"Content-Type: application/x-www-form-urlencoded"


def handshake(site: Site, *lines: bytes, path: bytes = b"/ws/") -> bytes:
    origin = f"Origin: http://127.0.0.1:{site.port}".encode()
    given = {line.split(b":", 1)[0].lower() for line in lines}
    usual = (
        *(origin, b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    kept = [line for line in usual if line.split(b":", 1)[0].lower() not in given]
    head = [b"GET " + path + b" HTTP/1.1", f"Host: 127.0.0.1:{site.port}".encode(), *kept, *lines]
    return b"\r\n".join([*head, b"", b""])


NAMES = (
    *(
        b"Accept",
        b"Accept-Language",
        b"Accept-Encoding",
        b"Cookie",
        b"Origin",
        b"Referer",
        b"Range",
    ),
    *(b"User-Agent", b"HX-Request", b"X-CSRFToken", b"Content-Type", b"If-Modified-Since", b"Host"),
    *(b"If-None-Match", b"Daphne-Root-Path", b"Expect", b"Connection", b"Upgrade", b"Chat-Socket"),
    *(b"Sec-WebSocket-Protocol", b"Sec-WebSocket-Key", b"Sec-WebSocket-Version", b"X-Other"),
    *(b"Sec-WebSocket-Extensions", b"Content-Length", b"Transfer-Encoding", b"Authorization"),
)
HEADER_VALUES = (
    *(b"\xff", b"\x00", b"", b"a" * 9000, b"\xc3\x28", b"http://[", b"http://h:99999999", b"null"),
    *(b"bytes=--1", b"multipart/form-data", b"text/html; charset=base64", b"-1", b"1e9", b"\x85"),
    *(b"permessage-deflate; server_max_window_bits=99", b"h2c, websocket", b"x" * 30 + b"\xe9"),
)


@pytest.mark.parametrize("name", NAMES)
def test_headers(own_site: Site, person: Person, name: bytes) -> None:
    for value in HEADER_VALUES:
        line = name + b": " + value
        session = () if name == b"Cookie" else (cookies(person),)
        for path in (b"/", b"/static/page.css", b"/accounts/login/"):
            check(sent(own_site, request(own_site, path, line, *session)), (line, path))
        post = request(own_site, b"/c/", line, *session, method=b"POST", body=b"text=x")
        check(sent(own_site, post), (line, "post"))
        answer = sent(own_site, handshake(own_site, line, *session))
        check_handshake(answer, line)


def check_handshake(answer: bytes, what: object) -> None:
    """Its status line tells nothing of what went wrong inside, or of what was sent."""
    assert status_of(answer) < 500, (what, answer[:300])
    line = answer.split(b"\r\n", 1)[0]
    assert re.fullmatch(rb"(HTTP/1\.1 \d{3} [A-Za-z ]{2,30})?", line), (what, line)


def test_paths_and_queries(own_site: Site, person: Person) -> None:
    for path in PATHS:
        for text in ENCODED:
            target = path.replace("x", text, 1) if "x" in path else f"{path}?{text}={text}"
            for lines in ((), (cookies(person),)):
                check(sent(own_site, request(own_site, target.encode(), *lines)), target)
            check_handshake(sent(own_site, handshake(own_site, path=target.encode())), target)
    for raw_target in (
        b"*",
        b"x",
        b"http://other/",
        b"//",
        b"/\xb0",
        b"/%",
        b"?",
        b"/?",
        b"http://[/",
    ):
        for method in (b"GET", b"OPTIONS", b"POST", b"CONNECT", b"TRACE", b"BREW", b"get"):
            check(
                sent(own_site, request(own_site, raw_target, method=method)), (raw_target, method)
            )
        check_handshake(sent(own_site, handshake(own_site, path=raw_target)), raw_target)


FORMS = (
    *("/c/", "/draft/", "/accounts/login/", "/accounts/signup/", "/accounts/email/", "/search/"),
    *("/accounts/password/reset/", "/accounts/password/change/", f"/c/{NO_ID}/send/"),
    *(
        f"/c/{NO_ID}/rename/",
        f"/c/{NO_ID}/options/",
        f"/m/{NO_ID}/feedback/",
        "/admin/login/",
    ),
)
FIELDS = (
    "text",
    "client_id",
    "title",
    "value",
    "reason",
    "email",
    "login",
    "password",
    "draft",
    "next",
)
BOUND = b"--b\r\nContent-Disposition: form-data; name="
MULTIPART = (
    *(
        b"",
        b"--b",
        b"--b--",
        BOUND,
        BOUND + b'"text"\r\n\r\nx',
        BOUND + b'"a"; filename="\x00"\r\n\r\nx\r\n--b--',
    ),
    *(b"\xff" * 50, BOUND + b'"text"\r\nContent-Transfer-Encoding: base64\r\n\r\n!\r\n--b--\r\n'),
    BOUND + b'"text"\r\n\r\n\xff\x00\r\n--b--\r\n',
)
TYPES = (
    *(
        b"multipart/form-data; boundary=b",
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
    ),
    *(b"multipart/form-data; boundary=\xff", b"multipart/form-data; boundary=b; charset=base64"),
    *(
        b"application/x-www-form-urlencoded; charset=utf-16",
        b"application/json",
        b"text/plain; charset=x",
    ),
    *(
        b"multipart/form-data; boundary=b; charset=idna",
        b"multipart/form-data; boundary=b; charset=utf-7",
    ),
)


@pytest.mark.parametrize("path", FORMS)
def test_forms(own_site: Site, person: Person, path: str) -> None:
    token = person.http.cookies["chat_csrf"].encode()
    lines = (cookies(person), b"X-CSRFToken: " + token, b"HX-Request: true")
    for text in ENCODED:
        body = "&".join(f"{name}={text}" for name in FIELDS).encode()
        for one in (body, *(f"{name}={text}".encode() for name in FIELDS)):
            post = request(own_site, path.encode(), *lines, TYPE, method=b"POST", body=one)
            check(sent(own_site, post), (path, one))
    for kind in TYPES:
        for body in MULTIPART:
            typed = b"Content-Type: " + kind
            for head in (lines, lines[:1]):
                post = request(own_site, path.encode(), *head, typed, method=b"POST", body=body)
                check(sent(own_site, post), (path, kind, body))


def test_any_bytes(own_site: Site, person: Person) -> None:
    """A request of which some bytes are others; the seed is in the name of a failure."""
    for seed in range(400):
        rng = random.Random(seed)
        line, body = cookies(person), b"text=x&client_id=1"
        whole = (
            request(own_site, b"/c/?a=b", line, TYPE, method=b"POST", body=body)
            if seed % 2
            else handshake(own_site, line)
        )
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randint(0, 2)] = rng.choice(ODD)
        answer = sent(own_site, bytes(data), 0.5)
        assert status_of(answer) < 500, (seed, answer[:300])
