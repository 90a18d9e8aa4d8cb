"""The page's socket: closed for good it stays so, dead without a word it is replaced."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import WebSocketRoute, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

NOTICE = ["innerHTML", "page-notice", "<p>Too many.</p>"]


class Line:
    """Stands between page and server. `cut` drops all of the newest socket without a word."""

    def __init__(self) -> None:
        self.sockets = 0
        self.dead = 0

    def connect(self, page: WebSocketRoute) -> None:
        self.sockets += 1
        number = self.sockets
        server = page.connect_to_server()

        def through(send: Callable[[str | bytes], None]) -> Callable[[str | bytes], None]:
            return lambda message: send(message) if number > self.dead else None

        page.on_message(through(server.send))
        server.on_message(through(page.send))

    def cut(self) -> None:
        self.dead = self.sockets


def test_too_many_pages_are_told_and_do_not_come_back(person: Person) -> None:
    opened: list[WebSocketRoute] = []

    def refuse(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.send(json.dumps({"seq": 1, "event": "too-many", "patches": [NOTICE]}))
        socket.close(code=4429)

    person.page.route_web_socket("**/ws/**", refuse)
    person.page.clock.install()
    person.page.reload()
    expect(person.page.locator("#page-notice")).to_have_text("Too many.")
    person.page.clock.run_for(60_000)
    assert len(opened) == 1
    expect(person.page.locator("#connection")).to_contain_text("no longer updates")
    expect(person.button("Reload")).to_be_visible()


@pytest.mark.parametrize(
    "patches",
    [
        [NOTICE, ["morphTwice", "page-notice", "<p>From the future.</p>"]],
        [NOTICE, ["innerHTML", ["page-notice"], ""]],
        [NOTICE, ["innerHTML", "page-notice"]],
        None,
    ],
    ids=["operation", "target", "length", "none"],
)
def test_nothing_of_a_frame_that_is_not_understood_is_applied(
    person: Person, patches: list[object] | None
) -> None:
    opened: list[WebSocketRoute] = []
    acknowledged: list[str | bytes] = []

    def connect(socket: WebSocketRoute) -> None:
        opened.append(socket)
        socket.on_message(lambda message: acknowledged.append(message))
        socket.send(json.dumps({"seq": 1, "event": "thread", "patches": patches}))

    person.page.route_web_socket("**/ws/**", connect)
    person.page.clock.install()
    person.page.reload()
    expect(person.page.locator("#connection")).to_contain_text("out of date")
    expect(person.button("Reload")).to_be_visible()
    expect(person.page.locator("#page-notice")).to_be_empty()
    person.page.clock.run_for(60_000)
    assert len(opened) == 1
    assert not any("ack" in str(message) for message in acknowledged)


@pytest.mark.parametrize("wake", ["dispatchEvent(new Event('online'))", ""])
def test_a_socket_that_died_in_a_sleep_is_replaced(
    person: Person, upstream: UpstreamThread, wake: str
) -> None:
    line = Line()
    person.page.route_web_socket("**/ws/**", line.connect)
    person.page.clock.install()
    person.page.reload()
    by_socket, asleep = uuid4().hex, uuid4().hex
    upstream.script(answer("Be", Gate(by_socket), "fore", Gate(asleep), " and after."))
    person.ask("Sleep")
    person.sees("Be")
    # The first words may come with the page; these show that its socket is open.
    upstream.release(by_socket)
    person.sees("Before")
    line.cut()
    upstream.release(asleep)
    before = line.sockets
    if wake:
        person.page.evaluate(wake)
    person.page.clock.run_for(5_000)
    person.sees("Before and after.")
    person.sees_status("complete")
    assert line.sockets == before + 1
    expect(person.page.locator("#connection")).to_be_hidden()
