"""People whose rights end while their pages are open and an answer is being written."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx2
from websockets.exceptions import ConnectionClosed

from tests.fake_llm import Delay, Delta, Repeat, UpstreamThread, answer
from tests.support.frames import html_of
from tests.support.people import PASSWORD, SECONDS, Person, Socket, signed_in, signed_up
from tests.support.polling import eventually
from tests.support.rows import Rows
from tests.support.site import Site

NEW_PASSWORD = "better-battery-7"
RESET_LINK = r"/accounts/password/reset/key/\S+"
ENDLESS = answer(Repeat((Delta("word "), Delay(0.02))))
PATIENCE = 70.0


@dataclass
class Closing:
    """What a socket brought until it was closed: frames with the time of each."""

    code: int = 0
    closed_at: float = 0.0
    frames: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    @property
    def last_event(self) -> str:
        return str(self.frames[-1][1]["event"])

    @property
    def notice(self) -> str:
        return html_of(self.frames[-1][1])


def read_to_end(socket: Socket) -> Closing:
    """Acknowledge every frame until the server closes. Raises TimeoutError."""
    end, deadline = Closing(), time.monotonic() + PATIENCE
    try:
        while time.monotonic() < deadline:
            frame = socket.frame(PATIENCE)
            end.frames.append((time.monotonic(), frame))
            # What came before the close is still read after it.
            with suppress(ConnectionClosed):
                socket.say(ack=frame["seq"])
    except ConnectionClosed as closed:
        end.code = closed.rcvd.code if closed.rcvd else 1006
        end.closed_at = time.monotonic()
        return end
    raise TimeoutError


@dataclass
class Watched:
    """Somebody with an answer that would never end, and the sockets that follow it."""

    person: Person
    user_id: UUID
    conversation: UUID
    pages: list[Future[Closing]]

    def closings(self) -> list[Closing]:
        return [page.result(PATIENCE) for page in self.pages]


@contextmanager
def watched(sites: list[Site], rows: Rows, upstream: UpstreamThread) -> Iterator[Watched]:
    """A new person whose pages on all of these sites show an answer that is being written."""
    person = signed_up(sites[0].url, f"{uuid4().hex}@rights.example.org")
    upstream.script(ENDLESS)
    conversation = person.start("Tell me a story without an end.")
    user_id = rows.one("SELECT id FROM accounts_user WHERE email = %s", person.email)["id"]
    with ExitStack() as stack:
        stack.callback(person.http.close)
        stack.callback(stop, rows, upstream, conversation)
        pool = stack.enter_context(ThreadPoolExecutor(len(sites)))
        pages = []
        for site in sites:
            socket = Socket.open(site.url, f"/ws/c/{conversation}/", person.session)
            stack.enter_context(socket)
            socket.until_text("word")
            pages.append(pool.submit(read_to_end, socket))
        yield Watched(person, user_id, conversation, pages)


def stop(rows: Rows, upstream: UpstreamThread, conversation: UUID) -> None:
    """End the answer, or the process would write it for as long as it lives."""
    rows.do("UPDATE chat_run SET stop_requested = true WHERE conversation_id = %s", conversation)
    upstream.wait_for(lambda up: all(request.hung_up for request in up.chats), PATIENCE)


def administrator(site: Site, rows: Rows) -> Person:
    person = signed_up(site.url, f"{uuid4().hex}@rights.example.org")
    rows.do(
        "UPDATE accounts_user SET is_staff = true, is_superuser = true WHERE email = %s",
        person.email,
    )
    return person


def administer(site: Site, rows: Rows, path: str, **fields: str) -> float:
    """Send a form of the administration as somebody who may."""
    admin = administrator(site, rows)
    with closing(admin.http):
        return post(admin, path, **fields)


def post(person: Person, path: str, **fields: str) -> float:
    """Send a form; when the answer was there, which leads somewhere else if it was taken."""
    person.get(path)
    taken = person.post(path, htmx=False, **fields)
    came = time.monotonic()
    assert taken.status_code == 302, taken.text
    return came


# By an event: what happens in a web process. Each says when it was done.
def deactivate(site: Site, rows: Rows, target: Watched) -> float:
    path = f"/admin/accounts/user/{target.user_id}/change/"
    return administer(site, rows, path, email=target.person.email)


def delete(site: Site, rows: Rows, target: Watched) -> float:
    path = f"/admin/accounts/user/{target.user_id}/delete/"
    return administer(site, rows, path, post="yes")


def delete_from_list(site: Site, rows: Rows, target: Watched) -> float:
    chosen = {"action": "delete_selected", "_selected_action": str(target.user_id), "post": "yes"}
    return administer(site, rows, "/admin/accounts/user/", **chosen)


def set_password(site: Site, rows: Rows, target: Watched) -> float:
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"}
    path = f"/admin/accounts/user/{target.user_id}/password/"
    return administer(site, rows, path, **new)


def change_password_elsewhere(site: Site, rows: Rows, target: Watched) -> float:
    elsewhere = signed_in(site.url, target.person.email)
    with closing(elsewhere.http):
        return change_password(elsewhere)


def change_password(person: Person) -> float:
    new = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return post(person, "/accounts/password/change/", oldpassword=PASSWORD, **new)


def reset_by_mail(site: Site, rows: Rows, target: Watched) -> float:
    """In a browser where nobody is signed in, by the link in the printed mail."""
    before = len(site.log())
    with httpx2.Client(base_url=site.url, timeout=SECONDS, trust_env=False) as http:
        visitor = Person(site.url, "", http)
        post(visitor, "/accounts/password/reset/", email=target.person.email)
        link = eventually(lambda: re.search(RESET_LINK, site.log()[before:]))
        assert link is not None
        form = visitor.get(link[0]).headers["Location"]
        return post(visitor, form, password1=NEW_PASSWORD, password2=NEW_PASSWORD)


def sign_out(site: Site, rows: Rows, target: Watched) -> float:
    return post(target.person, "/accounts/logout/")


# Without one: what happens past every web process.
def deactivate_row(site: Site, rows: Rows, target: Watched) -> float:
    rows.do("UPDATE accounts_user SET is_active = false WHERE id = %s", target.user_id)
    return time.monotonic()


def delete_in_shell(site: Site, rows: Rows, target: Watched) -> float:
    return in_shell(site, target, "person.delete()")


def set_password_in_shell(site: Site, rows: Rows, target: Watched) -> float:
    return in_shell(site, target, f"person.set_password('{NEW_PASSWORD}'); person.save()")


def in_shell(site: Site, target: Watched, work: str) -> float:
    found = f"from accounts.models import User; person = User.objects.get(pk='{target.user_id}')"
    site.manage("shell", "--no-imports", "-c", f"{found}; {work}")
    return time.monotonic()


def delete_session(site: Site, rows: Rows, target: Watched) -> float:
    rows.do("DELETE FROM django_session WHERE session_key = %s", target.person.session)
    return time.monotonic()


def let_session_expire(site: Site, rows: Rows, target: Watched) -> float:
    rows.do(
        "UPDATE django_session SET expire_date = now() - interval '1 second'"
        " WHERE session_key = %s",
        target.person.session,
    )
    return time.monotonic()
