"""The thread comes whole when a socket comes back: what somebody is doing in it goes on."""

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.polling import eventually

pytestmark = pytest.mark.browser

COUNT = """() => { window.wholes = 0;
  document.addEventListener("chat:frame", ({ detail }) => {
    window.wholes += detail.patches.some(([, target]) => target === "thread");
  }); }"""


class Talk:
    """A finished conversation whose socket the test can close; then the thread comes whole."""

    def __init__(self, person: Person, upstream: UpstreamThread) -> None:
        self.page: Page = person.page
        self.sockets: list[WebSocketRoute] = []
        self.page.route_web_socket("**/ws/**", self.connect)
        upstream.script(answer("Words of an answer."))
        person.ask("A question")
        person.sees_status("complete")
        before = len(self.sockets)
        self.page.reload()
        self.page.evaluate(COUNT)
        eventually(lambda: self.has_connected_since(before))

    def connect(self, socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        self.sockets.append(socket)

    def has_connected_since(self, before: int) -> bool:
        self.page.wait_for_timeout(20)  # routes are handled while the page is waited for
        return len(self.sockets) > before

    def comes_whole(self) -> None:
        """The page says that it shows an older version, and its socket is lost."""
        self.page.evaluate("document.getElementById('thread-version').value = '0'")
        self.sockets[-1].close(code=1012)
        self.page.wait_for_function("() => window.wholes > 0")


@pytest.fixture
def talk(person: Person, upstream: UpstreamThread) -> Talk:
    return Talk(person, upstream)


def test_an_edit_with_typed_text_goes_on(talk: Talk, person: Person) -> None:
    person.questions.hover()
    person.button("Edit").click()
    field = person.page.locator(".edit-form textarea")
    field.fill("Another question")
    talk.comes_whole()
    expect(field).to_have_value("Another question")
    expect(field).to_be_focused()


def test_an_open_menu_stays_open_and_keeps_the_focus(talk: Talk, person: Person) -> None:
    menu = person.answer.locator(".answer-menu")
    menu.locator("summary").press("Enter")
    person.page.keyboard.press("ArrowDown")
    item = person.button("Copy formatted text")
    expect(item).to_be_focused()
    talk.comes_whole()
    expect(item).to_be_visible()
    expect(item).to_be_focused()


def test_a_selection_stays(talk: Talk, person: Person) -> None:
    person.page.evaluate(
        """() => getSelection().selectAllChildren(
        document.querySelector("article[data-role=assistant] .message-body p"))"""
    )
    talk.comes_whole()
    assert person.page.evaluate("getSelection().toString()") == "Words of an answer."


def test_a_reason_that_is_being_typed_stays(talk: Talk, person: Person) -> None:
    person.button("Bad answer").press("Enter")
    reason = person.page.get_by_label("What was wrong? (optional)")
    reason.fill("It is wro")
    talk.comes_whole()
    expect(reason).to_have_value("It is wro")
    expect(reason).to_be_focused()
