"""Who sees what: signing out, expired sessions, strangers, administrators."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import PASSWORD, Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

SOCKET = """
(address) => new Promise((resolve) => {
  const socket = new WebSocket(address);
  const frames = [];
  socket.onmessage = (event) => frames.push(JSON.parse(event.data).event);
  socket.onclose = (event) => resolve([event.code, frames]);
})
"""


def test_signing_out_ends_the_page_everywhere(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Private."))
    person.ask("Secret")
    person.sees_status("complete")
    other = person.second_tab()
    other.sees("Private.")
    person.sign_out()
    expect(other.page.locator("#page-notice")).to_contain_text("You are signed out")
    person.page.goto(other.page.url)
    person.page.wait_for_url("**/accounts/login/**")


def test_text_survives_an_expired_session(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Welcome back."))
    person.box.fill("A long thought")
    person.page.context.clear_cookies(name="chat_session")
    person.box.press("Enter")
    notice = person.page.locator("#composer-notice")
    expect(notice).to_contain_text("Your text is saved")
    expect(person.box).to_have_value("A long thought")
    notice.get_by_role("link", name="Sign in").click()
    person.sign_in()
    expect(person.box).to_have_value("A long thought")
    person.box.press("Enter")
    person.sees("Welcome back.")


def test_a_stranger_gets_404_by_page_command_and_socket(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    upstream.script(answer("Mine."))
    owner, stranger = new_person(), new_person()
    owner.ask("Whose is this?")
    owner.sees_status("complete")
    path = owner.page.url.removeprefix(owner.site)
    page = stranger.page.goto(owner.page.url)
    assert page is not None
    assert page.status == 404
    assert "Mine." not in stranger.page.content()
    stranger.page.goto(stranger.site)
    assert command(stranger.page, f"{path}stop/") == 404
    assert command(stranger.page, f"{path}delete/") == 404
    socket = f"ws{stranger.site.removeprefix('http')}/ws{path}"
    assert stranger.page.evaluate(SOCKET, socket) == [4404, ["not-found"]]


def command(page: Page, path: str) -> int:
    status: int = page.evaluate(
        """async (path) => (await fetch(path, {
          method: "POST",
          headers: {"X-CSRFToken": document.cookie.match(/chat_csrf=([^;]*)/)[1]},
        })).status""",
        path,
    )
    return status


@pytest.fixture
def first_prompt(site: Site) -> Iterator[None]:
    """The other tests of this process use the same site, and its first prompt."""
    yield
    site.manage(
        "shell",
        "-c",
        "from chat.models import SystemPrompt; prompt = SystemPrompt.objects.get(is_default=True); "
        "prompt.published = prompt.versions.get(number=1); "
        "prompt.save(update_fields=['published'])",
    )


def test_an_administrator_edits_the_prompt_and_the_next_answer_obeys(
    person: Person, site: Site, upstream: UpstreamThread, first_prompt: None
) -> None:
    make_administrator(site, person.email)
    page = person.page
    page.goto(f"{site.url}/admin/chat/systemprompt/")
    page.get_by_role("rowheader").get_by_role("link", name="Default").click()
    page.get_by_label("Text").fill("Answer like a pirate.")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_role("list").filter(has_text="Version")).to_contain_text("was saved")
    page.goto(site.url)
    upstream.script(answer("Hello."), answer("Arrr."))
    person.ask("Before publishing")
    person.sees_status("complete")
    assert "pirate" not in system_prompt(upstream)
    page.goto(f"{site.url}/admin/chat/systemprompt/")
    page.get_by_role("rowheader").get_by_role("link", name="Default").click()
    page.get_by_role("button", name=re.compile("^Publish v")).first.click()
    expect(page.get_by_text("is now published. New answers use it")).to_be_visible()
    page.goto(site.url)
    person.ask("After publishing")
    person.sees("Arrr.")
    assert system_prompt(upstream) == "Answer like a pirate."


def make_administrator(site: Site, email: str) -> None:
    site.manage(
        "shell",
        "-c",
        "from accounts.models import User; "
        f"User.objects.filter(email={email!r}).update(is_staff=True, is_superuser=True)",
    )


def system_prompt(upstream: UpstreamThread) -> str:
    first = upstream.chats[-1].body["messages"][0]
    assert first["role"] == "system"
    return str(first["content"])


def test_signing_in_again_leads_back(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Here.", Gate()))
    person.ask("Where?")
    person.sees("Here.")
    address = person.page.url
    person.page.context.clear_cookies()
    person.page.goto(address)
    person.page.get_by_label("Email").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.button("Sign in").click()
    person.page.wait_for_url(address)
    person.sees("Here.")
    upstream.release()
    person.sees_status("complete")
