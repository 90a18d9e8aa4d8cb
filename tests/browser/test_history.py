"""Past conversations: the sidebar, renaming, deleting with undo, and very long ones."""

import re

import pytest
from playwright.sync_api import expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.long_conversation import insert_long_conversation
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

TEXT = 'f"Message number {number}"'

ROWS = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from chat.models import Conversation
user = User.objects.get(email={email!r})
now = timezone.now()
Conversation.objects.bulk_create(
    Conversation(
        owner=user, title=f"Old talk {{n}}", last_activity_at=now - timedelta(hours=9 * n + 48))
    for n in range(120))
"""


def test_rename(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."), answer("Again."))
    person.ask("A first question")
    person.sees_status("complete")
    person.page.locator(".row").hover()
    person.page.locator(".row summary").click()
    person.button("Rename").click()
    title = person.page.get_by_role("textbox", name="Title")
    expect(title).to_have_value("A first question")
    title.fill("Better <b>title</b>")
    person.button("Save").click()
    expect(person.page.locator(".row-title")).to_have_text("Better <b>title</b>")
    expect(person.page.get_by_role("heading", level=1)).to_have_text("Better <b>title</b>")
    person.ask("A second question")
    person.sees("Again.")
    expect(person.page.locator(".row-title")).to_have_text("Better <b>title</b>")


def test_delete_while_it_streams_and_undo(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Written so far", Gate(), "never"))
    person.ask("Delete me")
    person.sees("Written so far")
    address = person.page.url
    other = person.second_tab()
    other.sees("Written so far")
    person.page.locator(".row").hover()
    person.page.locator(".row summary").click()
    person.button("Delete").click()
    upstream.wait_for(lambda up: up.chats[-1].hung_up)
    expect(other.page.locator("#page-notice")).to_contain_text("was deleted")
    expect(other.page.locator(".row")).to_have_count(0)
    person.page.locator(".toast").get_by_role("button", name="Undo").click()
    person.page.wait_for_url(address)
    person.sees_status("stopped")
    person.sees("Written so far")
    other.sees_status("stopped")


def test_a_long_conversation_opens_at_its_end(person: Person, site: Site) -> None:
    key = insert_long_conversation(site, person.email, 2000, TEXT)
    person.page.goto(f"{site.url}/c/{key}/")
    last = person.page.locator("article").last
    expect(last).to_contain_text("Message number 2000")
    expect(last).to_be_in_viewport()
    assert person.page.locator("article").count() < 100
    first = person.page.locator("article").first
    shown = number_of(first.inner_text())
    person.page.locator("[data-scroller]").evaluate("(box) => box.scrollTo(0, 0)")
    expect(first).not_to_contain_text(f"number {shown}")
    numbers = [number_of(text) for text in person.page.locator("article").all_inner_texts()]
    assert numbers == list(range(numbers[0], 2001))


def number_of(text: str) -> int:
    found = re.search(r"number (\d+)", text)
    assert found is not None
    return int(found.group(1))


def test_the_sidebar_is_grouped_and_goes_on(person: Person, site: Site) -> None:
    site.manage("shell", "-c", ROWS.format(email=person.email))
    person.page.reload()
    sidebar = person.page.get_by_role("navigation", name="Conversations")
    expect(sidebar.get_by_role("heading", name="Previous 7 days")).to_be_visible()
    assert sidebar.locator(".row").count() < 120
    while (shown := sidebar.locator(".row").count()) < 120:
        sidebar.locator(".row").last.scroll_into_view_if_needed()
        expect(sidebar.locator(".row")).not_to_have_count(shown)
    expect(sidebar.locator(".row")).to_have_count(120)
    titles = sidebar.locator(".row-title").all_inner_texts()
    assert titles == [f"Old talk {number}" for number in range(120)]
    headings = sidebar.locator(".rows-heading:visible").all_inner_texts()
    assert len(headings) == len(set(headings))
