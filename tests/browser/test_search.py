"""The search box: found while typing, opened where it is, left again; by hand and by keys."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Route, expect

from tests.browser.axe import findings
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

FILL = """
import uuid6
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from chat.models import Conversation, Message
user = User.objects.get(email={email!r})
for talk in range({talks}):
    title = f"Talk {{talk}} of a whale" if talk else "Long one"
    conversation = Conversation.objects.create(owner=user, title=title, next_seq=301,
        last_activity_at=timezone.now() - timedelta(days=talk))
    rows, parent = [], None
    for number in range(1, 3 if talk else {length} + 1):
        role = "user" if number % 2 else "assistant"
        text = f"Message number {{number}}" + " with a **needle** in it" * (number == 40)
        rows.append(Message(id=uuid6.uuid7(), conversation=conversation, seq=number, role=role,
            parent_id=parent, status="complete", text=text,
            finish_reason="" if number % 2 else "stop"))
        parent = rows[-1].id
    Message.objects.bulk_create(rows)
    Conversation.objects.filter(pk=conversation.pk).update(active_leaf=parent)
"""


def fill(person: Person, site: Site, talks: int, length: int = 300) -> None:
    site.manage("shell", "-c", FILL.format(email=person.email, talks=talks, length=length))
    person.page.reload()


def searching(person: Person) -> Locator:
    return person.page.get_by_role("searchbox", name="Search conversations")


def found(person: Person) -> Locator:
    return person.page.locator("#search-results")


def status(person: Person) -> Locator:
    return person.page.locator("#search-status")


def test_a_message_is_found_by_keys_and_shown_in_its_place(person: Person, site: Site) -> None:
    fill(person, site, 1)
    page = person.page
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(searching(person)).to_be_focused()
    page.keyboard.type("NEED numb")
    expect(status(person)).to_have_text("Found in 1 conversation.")
    hits = found(person).locator(".search-match")
    expect(hits).to_have_count(3)
    expect(hits.locator("mark")).to_have_text(["number", "number", "number", "needle"])
    expect(page.locator("#sidebar-list")).to_be_hidden()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/c/.*[?]m="))
    message = page.locator("article:has-text('needle')")
    expect(message).to_be_in_viewport()
    expect(message).to_be_focused()
    # The search stays beside it, with the line that is open, and the words are marked there.
    expect(found(person).locator("[aria-current]")).to_contain_text("needle")
    marks = "() => [...CSS.highlights.get('search-match')].map((range) => range.toString())"
    assert page.evaluate(marks) == ["number", "needle"]
    first = page.locator("#thread article").first
    expect(first).to_contain_text("number 36")
    expect(page.locator("#thread article").last).to_contain_text("number 300")
    page.reload()
    expect(message).to_be_in_viewport()
    page.locator(".search").get_by_role("button", name="Clear search").click()
    expect(page.locator("#sidebar-list")).to_be_visible()
    expect(searching(person)).to_be_focused()
    assert "?" not in page.url
    page.reload()
    expect(page.locator("#sidebar-list")).to_be_visible()
    expect(page.locator("#thread article").last).to_be_in_viewport()


def test_what_is_far_up_comes_page_by_page(person: Person, site: Site) -> None:
    fill(person, site, 1, length=430)
    person.page.goto(f"{person.site}/search/?q=needle")
    found(person).locator(".search-match").click()
    message = person.page.locator("article:has-text('needle')")
    expect(message).to_be_in_viewport()
    expect(message).to_be_focused()
    expect(person.page.locator("#thread article").last).to_contain_text("number 430")


def test_keys_walk_through_the_places(person: Person, site: Site) -> None:
    fill(person, site, 25)
    page = person.page
    page.goto(f"{person.site}/search/?q=%22number+2%22")
    found(person).locator(".load-more").scroll_into_view_if_needed()
    places = found(person).locator(".search-link")
    expect(places).to_have_count(25)
    places.nth(18).click()
    title = page.get_by_role("heading", level=1)
    expect(title).to_have_text("Talk 18 of a whale")
    expect(places).to_have_count(25)
    # The page of the last line of a list may have no line below it yet: the key waits for it.
    for key, talk in (("j", 19), ("j", 20), ("k", 19)):
        expect(page.locator("#thread article:focus")).to_have_count(1)
        page.keyboard.press(key)
        expect(title).to_have_text(f"Talk {talk} of a whale")
    searching(person).fill("whale")
    expect(found(person).locator(".search-link").first).to_have_text("Talk 1 of a whale")
    places.nth(0).click()
    expect(title).to_have_text("Talk 1 of a whale")
    expect(person.box).to_be_focused()
    page.keyboard.press("Escape")
    for talk in (2, 3):
        page.wait_for_function("() => document.readyState === 'complete'")
        page.keyboard.press("j")
        expect(title).to_have_text(f"Talk {talk} of a whale")


def test_a_key_waits_for_what_follows_the_list(person: Person, site: Site) -> None:
    """At the end of what is loaded the next line may still be on its way."""
    fill(person, site, 25)
    page = person.page
    held: list[Route] = []
    page.goto(f"{person.site}/search/?q=%22number+2%22")
    page.route("**/search/?*before=*", lambda route: held.append(route))
    places = found(person).locator(".search-link")
    title = page.get_by_role("heading", level=1)
    with page.expect_request(lambda request: "before=" in request.url and "/c/" not in request.url):
        places.nth(19).click()
        expect(title).to_have_text("Talk 19 of a whale")
    expect(page.locator("#thread article:focus")).to_have_count(1)
    page.keyboard.press("j")
    expect(places).to_have_count(20)
    expect(title).to_have_text("Talk 19 of a whale")
    page.unroute("**/search/?*before=*")
    for route in held:
        with suppress(Error):  # of the page before
            route.continue_()
    expect(title).to_have_text("Talk 20 of a whale")


def test_escape_leaves_the_search_and_stops_no_answer(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Of the whale."))
    person.ask("Tell me")
    person.sees_status("complete")
    searching(person).fill("whale")
    expect(status(person)).to_have_text("Found in 1 conversation.")
    person.page.keyboard.press("Escape")
    expect(searching(person)).to_have_value("")
    expect(person.page.locator(".row-link")).to_be_visible()
    person.page.keyboard.press("Escape")
    expect(person.box).to_be_focused()


def test_enter_goes_to_the_first_at_once(person: Person, site: Site) -> None:
    fill(person, site, 3)
    searching(person).fill("number")
    expect(found(person).locator("a").first).to_have_text("Long one")
    searching(person).fill("whale")
    searching(person).press("Enter")
    first = found(person).locator("a").first
    expect(first).to_have_text("Talk 1 of a whale")
    expect(first).to_be_focused()
    # An Enter that was taken back does not take the focus later.
    searching(person).fill("number")
    searching(person).press("Enter")
    searching(person).fill("number 2")
    expect(status(person)).to_have_text("Found in 3 conversations.")
    expect(searching(person)).to_be_focused()


def test_enter_goes_to_the_first_also_before_it_came(person: Person, site: Site) -> None:
    fill(person, site, 3)
    held: list[Route] = []
    person.page.route("**/search/**", lambda route: held.append(route))
    searching(person).fill("whale")
    person.page.wait_for_function(
        "() => document.getElementById('search-results').ariaBusy === 'true'"
    )
    searching(person).press("Enter")
    assert "/search/" not in person.page.url
    held[0].continue_()
    first = found(person).locator("a").first
    expect(first).to_be_focused()
    expect(first).to_have_text("Talk 1 of a whale")
    person.page.keyboard.press("ArrowUp")
    expect(searching(person)).to_be_focused()


def test_only_the_newest_search_is_shown(person: Person, site: Site) -> None:
    fill(person, site, 3)
    held: list[Route] = []
    person.page.route("**/search/?q=whale", lambda route: held.append(route))
    searching(person).fill("whale")
    person.page.wait_for_function(
        "() => document.getElementById('search-results').ariaBusy === 'true'"
    )
    searching(person).fill("nothing of it")
    expect(status(person)).to_contain_text("No results.")
    assert len(held) == 1
    expect(found(person).locator("a")).to_have_count(0)


def test_many_results_come_as_the_list_is_scrolled(person: Person, site: Site) -> None:
    fill(person, site, 50)
    searching(person).fill("whale")
    expect(status(person)).to_have_text("Found in 49 conversations.")
    expect(found(person).get_by_role("heading", name="Yesterday")).to_be_visible()
    links = found(person).locator(".search-result")
    expect(links).to_have_count(20)
    links.last.scroll_into_view_if_needed()
    expect(links).to_have_count(40)
    links.last.scroll_into_view_if_needed()
    expect(links).to_have_count(49)
    names = found(person).get_by_role("heading").all_inner_texts()
    assert len(names) == len(set(names))


@pytest.mark.parametrize("how", ["away", "broken", "signed out"])
def test_a_search_that_fails_says_so(person: Person, how: str) -> None:
    def fail(route: Route) -> None:
        route.abort() if how == "away" else route.fulfill(status=500, body="Traceback")

    if how == "signed out":
        person.page.context.clear_cookies()
        expected = "You are signed out."
    else:
        person.page.route("**/search/**", fail)
        expected = "The search failed. Try again."
    searching(person).fill("whale")
    expect(found(person)).to_contain_text(expected)
    expect(found(person)).not_to_contain_text("Traceback")
    expect(searching(person)).to_have_value("whale")


def test_another_version_is_opened_when_asked_for(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("A walrus."), answer("A horse."))
    person.ask("Which animal?")
    person.sees("A walrus.")
    person.sees_status("complete")
    person.button("Regenerate").click()
    person.sees("A horse.")
    person.sees_status("complete")
    searching(person).fill("walrus")
    found(person).locator(".search-match").click()
    notice = person.page.locator("#page-notice")
    expect(notice).to_contain_text("another version")
    person.sees("A horse.")
    person.button("Show that version").click()
    person.sees("A walrus.")
    expect(notice).to_be_empty()
    expect(person.answer).to_be_focused()


def test_on_a_phone(person: Person, site: Site) -> None:
    page = person.page
    page.set_viewport_size({"width": 390, "height": 844})
    fill(person, site, 3)
    page.keyboard.press("Escape")
    page.keyboard.press("s")
    expect(searching(person)).to_be_focused()
    page.keyboard.type('whale "talk 2"')
    expect(status(person)).to_have_text("Found in 1 conversation.")
    wide = "() => document.documentElement.scrollWidth"
    assert page.evaluate(wide) == 390
    found(person).locator("a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Talk 2 of a whale")
    expect(searching(person)).to_be_hidden()
    page.goto(f"{person.site}/search/?q=whale")
    expect(searching(person)).to_be_focused()
    expect(found(person).locator("a")).to_have_count(2)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_a_search(person: Person, site: Site, theme: str) -> None:
    fill(person, site, 4)
    person.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    for typed, said in (("needle", "1 conversation."), ("whale", "3 conv"), ("none", "No results")):
        searching(person).fill(typed)
        expect(status(person)).to_contain_text(said)
        assert findings(person.page) == []
