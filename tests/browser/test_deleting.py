"""Deleting and Undo: the page that one is on stays, unless it showed what was deleted."""

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def row(person: Person, title: str) -> Locator:
    return person.page.locator(".row", has_text=title)


def delete(person: Person, title: str) -> None:
    row(person, title).hover()
    row(person, title).locator("summary").click()
    row(person, title).get_by_role("button", name="Delete").click()
    expect(row(person, title)).to_have_count(0)


def talk(person: Person, upstream: UpstreamThread, *titles: str) -> None:
    for title in titles:
        upstream.script(answer(f"About {title}."))
        person.page.goto(f"{person.site}/")
        person.ask(title)
        person.sees_status("complete")


def undo_buttons(person: Person) -> Locator:
    return person.page.get_by_role("button", name="Undo")


def test_deleting_the_open_conversation_leads_to_a_new_chat(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream, "Alpha")
    address = person.page.url
    delete(person, "Alpha")
    person.page.wait_for_url(f"{person.site}/")
    expect(person.page.locator("article")).to_have_count(0)
    expect(person.page).to_have_title("New chat")
    expect(undo_buttons(person)).to_have_count(1)
    undo_buttons(person).click()
    person.page.wait_for_url(address)
    person.sees("About Alpha.")
    expect(row(person, "Alpha")).to_have_count(1)
    expect(person.box).to_be_visible()


def test_the_title_is_that_of_the_new_chat(person: Person, upstream: UpstreamThread) -> None:
    """Also where the socket removes the row first, and the response finds no form to act on."""
    talk(person, upstream, "Alpha")

    def wait_for_the_socket(route: Route) -> None:
        response = route.fetch()
        expect(row(person, "Alpha")).to_have_count(0)
        route.fulfill(response=response)

    person.page.route("**/delete/", wait_for_the_socket)
    delete(person, "Alpha")
    person.page.wait_for_url(f"{person.site}/")
    expect(person.page).to_have_title("New chat")


def test_the_new_chat_after_a_deletion_works(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha")
    person.page.goto(f"{person.site}/")
    with person.page.expect_response("**/draft/"):
        person.box.fill("Half a thought")
    row(person, "Alpha").locator(".row-link").click()
    delete(person, "Alpha")
    person.page.wait_for_url(f"{person.site}/")
    expect(person.box).to_have_value("Half a thought")
    upstream.script(answer("Going on."))
    person.ask("Beta")
    person.sees("Going on.")
    # Elsewhere by now: Undo changes the list only.
    address = person.page.url
    undo_buttons(person).click()
    expect(row(person, "Alpha")).to_have_count(1)
    expect(undo_buttons(person)).to_have_count(0)
    assert person.page.url == address
    person.sees("Going on.")


def test_undo_stays_on_the_conversation_that_is_open(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream, "Alpha", "Beta", "Gamma")
    address = person.page.url
    person.page.evaluate("window.isSamePage = true")
    delete(person, "Alpha")
    delete(person, "Beta")
    expect(undo_buttons(person)).to_have_count(2)
    for left in (1, 0):
        undo_buttons(person).first.click()
        expect(undo_buttons(person)).to_have_count(left)
    expect(row(person, "Alpha")).to_have_count(1)
    expect(row(person, "Beta")).to_have_count(1)
    assert person.page.url == address
    assert person.page.evaluate("window.isSamePage")
    person.sees("About Gamma.")


def test_what_was_deleted_elsewhere_takes_no_more_questions(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream, "Alpha")
    other = person.second_tab()
    other.sees("About Alpha.")
    delete(person, "Alpha")
    notice = other.page.locator("#deleted-notice")
    expect(notice).to_contain_text("was deleted")
    expect(undo_buttons(other)).to_have_count(1)
    expect(other.box).to_be_hidden()
    for name in ("Edit", "Regenerate", "Good answer"):
        expect(other.button(name)).to_be_hidden()
    expect(other.answer.locator("[data-copy-message]")).to_be_visible()
    undo_buttons(other).click()
    expect(notice).to_have_count(0)
    expect(other.box).to_be_visible()
    expect(other.button("Regenerate")).to_be_visible()
