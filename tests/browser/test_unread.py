"""News of other conversations: marks, title, notice, in every tab."""

import pytest
from playwright.sync_api import Route, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def test_an_answer_that_ends_elsewhere_is_told_and_marked(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Slow ", Gate(), "answer."))
    person.ask("Take your time")
    person.sees("Slow")
    other = person.second_tab()
    other.page.goto(f"{person.site}/")
    person.page.goto(f"{person.site}/")
    row = other.page.locator("[data-row]")
    expect(row.locator(".row-dot")).to_contain_text("answering")
    upstream.release()
    for tab in (person, other):
        expect(tab.page.locator("[data-row] .row-unread")).to_contain_text("unread")
        expect(tab.page).to_have_title("(1) New chat")
        toast = tab.page.locator("[data-toast]")
        expect(toast).to_contain_text("“Take your time” has a new answer.")
    person.page.locator("[data-toast]").get_by_role("link", name="Open").click()
    person.sees("Slow answer.")
    for tab in (person, other):
        expect(tab.page.locator(".row-unread")).to_have_count(0)
    expect(other.page).to_have_title("New chat")


def test_an_answer_that_was_watched_is_read(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Quick."))
    with person.page.expect_response("**/seen/"):
        person.ask("Now")
        person.sees_status("complete")
    expect(person.page.locator("[data-row][data-unread]")).to_have_count(0)
    person.page.goto(f"{person.site}/")
    expect(person.page.locator("[data-row]")).to_have_count(1)
    expect(person.page.locator(".row-unread")).to_have_count(0)
    expect(person.page).to_have_title("New chat")


def test_a_stopped_answer_is_not_news(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")
    person.button("Stop").click()
    person.sees_status("stopped")
    person.page.goto(f"{person.site}/")
    expect(person.page.locator("[data-row]")).to_have_count(1)
    expect(person.page.locator(".row-unread")).to_have_count(0)


def test_a_conversation_that_opens_is_no_news(person: Person, upstream: UpstreamThread) -> None:
    """Its answer ends, and the sidebar hears of it, before the page has the new conversation."""

    def hold(route: Route) -> None:
        response = route.fetch()
        expect(person.page.locator("[data-row][data-unread]")).to_have_count(1)
        expect(person.page.locator("[data-toast]")).to_have_count(0)
        route.fulfill(response=response)

    upstream.script(answer("Quick."))
    person.page.route("**/c/", hold)
    person.ask("Now")
    person.sees("Quick.")
    expect(person.page.locator("[data-toast]")).to_have_count(0)
