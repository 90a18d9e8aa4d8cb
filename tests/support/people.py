"""People on the running site: a browser's cookies and forms, without the browser."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.frames import html_of

PASSWORD = "correct-horse-9"
SECONDS = 15.0


@dataclass
class Person:
    """Somebody who is signed in on the site at `url`."""

    url: str
    email: str
    http: httpx2.Client

    @property
    def session(self) -> str:
        return str(self.http.cookies["chat_session"])

    def get(self, path: str) -> httpx2.Response:
        return self.http.get(path)

    def post(self, path: str, *, htmx: bool = True, **fields: str) -> httpx2.Response:
        """A command as the page posts it, or as a form without script."""
        headers = {"X-CSRFToken": self.http.cookies["chat_csrf"], "Origin": self.url}
        if htmx:
            headers["HX-Request"] = "true"
        return self.http.post(path, data=fields, headers=headers)

    def send_beside_socket(self, conversation: UUID, text: str) -> None:
        """A question as a page posts it that is told by its socket."""
        self.http.headers["Chat-Socket"] = "open"
        assert self.send(conversation, text).status_code == 204
        del self.http.headers["Chat-Socket"]

    def start(self, text: str) -> UUID:
        """A new conversation; its id."""
        answer = self.post("/c/", client_id=str(uuid4()), text=text)
        assert answer.status_code == 200, answer.text
        return UUID(answer.headers["HX-Push-Url"].split("/")[2])

    def send(self, conversation: UUID, text: str) -> httpx2.Response:
        return self.post(f"/c/{conversation}/send/", client_id=str(uuid4()), text=text)

    def page(self, conversation: UUID) -> str:
        answer = self.get(f"/c/{conversation}/")
        assert answer.status_code == 200
        return str(answer.text)

    def version(self, conversation: UUID) -> int:
        found = re.search(r'id="thread-version" value="(\d+)"', self.page(conversation))
        assert found is not None
        return int(found[1])

    def socket(self, conversation: UUID | None = None, query: str = "", **options: Any) -> "Socket":
        path = f"/ws/c/{conversation}/" if conversation else "/ws/"
        return Socket.open(self.url, path + query, self.session, **options)

    @contextmanager
    def looking_at(self, conversation: UUID) -> Iterator["Socket"]:
        """A page that shows the newest state, and whose socket has compared it with the database:
        what happens now is told as a change. The title changes."""
        with self.socket(conversation, f"?at={self.version(conversation)}") as socket:
            socket.say(ping=72)
            socket.until_pong()
            mark = f"Mark {uuid4()}"
            self.post(f"/c/{conversation}/rename/", title=mark)
            socket.until(lambda frame: frame["event"] == "thread" and mark in html_of(frame))
            yield socket


def signed_up(url: str, email: str) -> Person:
    """A new account on the site, by its own form."""
    person = Person(url, email, httpx2.Client(base_url=url, timeout=SECONDS, trust_env=False))
    fill(person, "/accounts/signup/", email=email, password1=PASSWORD, password2=PASSWORD)
    return person


def signed_in(url: str, email: str) -> Person:
    person = Person(url, email, httpx2.Client(base_url=url, timeout=SECONDS, trust_env=False))
    fill(person, "/accounts/login/", login=email, password=PASSWORD)
    return person


def fill(person: Person, path: str, **fields: str) -> None:
    """Open a form and send it; ends on the chat."""
    person.get(path)
    answer = person.post(path, htmx=False, **fields)
    assert answer.status_code == 302, answer.text
    assert person.get("/").status_code == 200


@dataclass
class Socket:
    """A page's socket: frames are dictionaries, nothing is acknowledged by itself."""

    wire: ClientConnection
    opened: AbstractContextManager[ClientConnection]

    @classmethod
    def open(cls, url: str, path: str, session: str = "", **options: Any) -> Self:
        """Raises InvalidStatus when the handshake is refused."""
        headers = {"Cookie": f"chat_session={session}"} if session else {}
        settings: dict[str, Any] = {"origin": url, "additional_headers": headers, "proxy": None}
        opened = connect(url.replace("http", "ws", 1) + path, **settings | options)
        return cls(opened.__enter__(), opened)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.opened.__exit__(None, None, None)

    def frame(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The next frame. Raises TimeoutError."""
        found: dict[str, Any] = json.loads(self.wire.recv(timeout=seconds))
        return found

    def say(self, **frame: Any) -> None:
        self.wire.send(json.dumps(frame))

    def next(self) -> dict[str, Any]:
        """The next frame, acknowledged."""
        frame = self.frame()
        self.say(ack=frame["seq"])
        return frame

    def until(self, holds: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Acknowledge frames up to the one of which this holds."""
        while True:
            frame = self.next()
            if holds(frame):
                return frame

    def until_text(self, text: str) -> dict[str, Any]:
        return self.until(lambda frame: text in html_of(frame))

    def until_status(self, status: str) -> dict[str, Any]:
        """Up to the frame whose last message is an answer in this state."""
        return self.until(lambda frame: last_status(html_of(frame)) == status)

    def quiet(self) -> None:
        """Nothing was sent before the answer to this ping: what is sent stays in order."""
        self.say(ping=71)
        frame = self.frame()
        assert frame == {"pong": 71}, frame

    def until_pong(self) -> None:
        """Acknowledge frames up to the answer to a ping."""
        while "pong" not in (frame := self.frame()):
            self.say(ack=frame["seq"])

    def close_code(self) -> int:
        """Reads, and acknowledges, until the server closes."""
        try:
            while True:
                frame = self.frame()
                if "seq" in frame:
                    self.say(ack=frame["seq"])
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def last_status(html: str) -> str:
    """The state of the last answer in some HTML, "" without one."""
    found = re.findall(r'data-role="assistant" data-status="(\w+)"', html)
    return found[-1] if found else ""
