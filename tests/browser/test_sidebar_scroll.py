"""The sidebar keeps its place, however an old conversation is opened."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from chat.selectors.sidebar_page import CONTEXT_ROWS, PAGE_SIZE, TOP_ROWS
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

ROWS = """
from datetime import timedelta
from django.utils import timezone
from accounts.models import User
from chat.models import Conversation
user = User.objects.get(email={email!r})
now = timezone.now()
Conversation.objects.bulk_create(
    Conversation(
        owner=user, title=f"Talk {{n}}", last_activity_at=now - timedelta(hours=9 * n + 48))
    for n in range({count}))
"""
# Each line in view: its title and where it stands.
VIEW = """() => {
  const view = document.querySelector(".sidebar-scroll").getBoundingClientRect();
  return [...document.querySelectorAll("#sidebar-list .row")]
    .map((row) => [row.querySelector(".row-title").textContent, row.getBoundingClientRect()])
    .filter(([, place]) => place.top >= view.top && place.bottom <= view.bottom)
    .map(([title, place]) => [title, Math.round(place.top - view.top)]);
}"""
# A line that comes above right after a scroll, before the browser tells of the scroll.
SCROLL_AND_SWAP = """() => {
  document.querySelector(".sidebar-scroll").scrollTop += 53;
  const text = document.querySelector("#sidebar-list .row").outerHTML.replace('id="', 'id="copy-');
  const places = VIEW();
  const target = document.querySelector("#sidebar-list .row").parentElement;
  htmx.swap({ target, swap: "afterbegin", text });
  return places;
}"""
NEAREST = "document.querySelector('.load-gap').scrollIntoView({ block: 'nearest' })"
DRAWN = "() => document.querySelector('#sidebar').getBoundingClientRect().x === 0"
# Where the list stands in each frame from the first one that is painted, and what moved.
WATCH = """() => {
  window.places = [];
  window.shifts = 0;
  const look = () => {
    const box = document.querySelector(".sidebar-scroll");
    const painted = performance.getEntriesByName("first-paint").length;
    if (box && painted) window.places.push(Math.round(box.scrollTop));
    if (window.places.length < 20) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


def fill(person: Person, site: Site, count: int = 200) -> None:
    site.manage("shell", "-c", ROWS.format(email=person.email, count=count))
    person.page.reload()


def line(person: Person, number: int) -> Locator:
    return person.page.locator("#sidebar-list .row-link", has_text=f"Talk {number}").filter(
        has=person.page.get_by_text(f"Talk {number}", exact=True)
    )


def scroll_to(person: Person, number: int) -> None:
    """As a reader does, until the line is there."""
    rows = person.page.locator("#sidebar-list .row")
    while not line(person, number).count():
        shown = rows.count()
        rows.last.scroll_into_view_if_needed()
        expect(rows).not_to_have_count(shown)
    line(person, number).evaluate("(link) => link.scrollIntoView({ block: 'center' })")
    settled(person)


def settled(person: Person) -> None:
    person.page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )


def view(person: Person) -> list[Any]:
    settled(person)
    found: list[Any] = person.page.evaluate(VIEW)
    return found


def stand(person: Person, before: list[Any]) -> None:
    """These lines are where they were; half a pixel may be rounded."""
    now = dict(view(person))
    assert {title: now.get(title) for title, _ in before} == {
        title: pytest.approx(place, abs=1) for title, place in before
    }


def is_open(person: Person, number: int) -> None:
    expect(person.page.get_by_role("heading", level=1)).to_have_text(f"Talk {number}")
    current = person.page.locator("#sidebar-list [aria-current=page]")
    expect(current).to_have_count(1)
    expect(current).to_have_text(f"Talk {number}")
    assert f"Talk {number}" in [title for title, _ in view(person)]


@pytest.mark.parametrize("width", [390, 1440])
def test_the_lines_stand_where_they_stood(
    new_person: Callable[..., Person], site: Site, width: int
) -> None:
    """A click, a reload, a click on another one, and back."""
    person = new_person(viewport={"width": width, "height": 900})
    page = person.page
    fill(person, site)
    page.add_init_script(f"({WATCH})()")

    def opened(number: int) -> None:
        is_open(person, number)
        page.wait_for_function("() => window.places.length === 20")
        places = page.evaluate("window.places")
        assert set(places) == {places[0]}
        assert places[0] > 0
        assert page.evaluate("window.shifts") < 0.01
        assert page.locator("#sidebar-list .row").count() == TOP_ROWS + 2 * CONTEXT_ROWS + 1

    def show() -> None:
        if width < 500:
            person.button("Open conversations").click()
            page.wait_for_function(DRAWN)

    show()
    scroll_to(person, 150)
    before = view(person)
    assert len(before) > 15
    line(person, 150).click()
    opened(150)
    stand(person, before)
    page.reload()
    opened(150)
    stand(person, before)
    show()
    line(person, 145).click()
    opened(145)
    stand(person, before)
    page.go_back()
    opened(150)
    stand(person, before)


def test_nothing_is_painted_before_the_list_is_in_place(person: Person, site: Site) -> None:
    """On a slow line that brings the script after all else."""
    fill(person, site)
    scroll_to(person, 120)
    address = line(person, 120).get_attribute("href")
    page = person.page
    page.add_init_script(f"({WATCH})()")
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Network.setCacheDisabled", {"cacheDisabled": True})
    slow = {"latency": 20, "downloadThroughput": 40_000, "uploadThroughput": 40_000}
    network.send("Network.emulateNetworkConditions", {"offline": False, **slow})
    page.goto(f"{site.url}{address}")
    is_open(person, 120)
    page.wait_for_function("() => window.places.length === 20")
    places = page.evaluate("window.places")
    assert set(places) == {places[0]}
    assert places[0] > 0
    assert page.evaluate("window.shifts") < 0.01


def test_keys_walk_through_a_long_list(person: Person, site: Site) -> None:
    fill(person, site)
    scroll_to(person, 60)
    line(person, 60).click()
    is_open(person, 60)
    page = person.page
    for key, steps in (("j", range(61, 76)), ("k", range(74, 70, -1))):
        for number in steps:
            before = view(person)
            page.keyboard.press("Escape")
            page.keyboard.press(key)
            is_open(person, number)
            titles = {title for title, _ in before}
            if f"Talk {number}" in titles:
                stand(person, before)
            else:
                assert len(titles & {title for title, _ in view(person)}) >= len(before) - 2


def test_a_link_to_an_old_one_shows_its_line(person: Person, site: Site) -> None:
    fill(person, site)
    scroll_to(person, 120)
    address = line(person, 120).get_attribute("href")
    person.page.evaluate("() => addEventListener('pagehide', () => sessionStorage.clear())")
    person.page.goto(f"{site.url}{address}")
    is_open(person, 120)
    assert len(view(person)) > 10
    titles = [title for title, _ in view(person)]
    assert {"Talk 117", "Talk 119", "Talk 121", "Talk 123"} <= set(titles)


@pytest.mark.parametrize("side", ["above", "below"])
def test_the_gap_is_filled_from_the_readers_side(person: Person, site: Site, side: str) -> None:
    fill(person, site)
    scroll_to(person, 150)
    line(person, 150).click()
    is_open(person, 150)
    rows = person.page.locator("#sidebar-list .row")
    shown = rows.count()
    block = {"above": "end", "below": "start"}[side]
    line(person, {"above": TOP_ROWS - 1, "below": 150 - CONTEXT_ROWS}[side]).evaluate(
        "(link, block) => link.scrollIntoView({ block })", block
    )
    before = person.page.evaluate(f"() => {{ {NEAREST}; return ({VIEW})(); }}")
    expect(rows).to_have_count(shown + PAGE_SIZE)
    stand(person, before)
    titles = rows.locator(".row-title").all_inner_texts()
    numbers = [int(title.removeprefix("Talk ")) for title in titles]
    assert numbers == sorted(numbers)
    assert (TOP_ROWS in numbers) == (side == "above")
    assert (149 - CONTEXT_ROWS in numbers) == (side == "below")


def test_what_comes_above_moves_no_line_in_view(person: Person, site: Site) -> None:
    """Another tab asks something in a conversation that is listed further up, or in none."""
    fill(person, site)
    scroll_to(person, 70)
    line(person, 70).click()
    is_open(person, 70)
    before = view(person)
    other = person.second_tab()
    other.page.goto(f"{site.url}/")
    other.ask("Something new")
    expect(person.page.locator("#sidebar-today .row")).to_have_count(1)
    stand(person, before[:-4])  # a toast may stand over the last ones


def test_a_change_right_after_a_scroll_moves_no_line(person: Person, site: Site) -> None:
    fill(person, site)
    scroll_to(person, 70)
    rows = person.page.locator("#sidebar-list .row")
    shown = rows.count()
    before = person.page.evaluate(SCROLL_AND_SWAP.replace("VIEW", f"({VIEW})"))
    expect(rows).to_have_count(shown + 1)
    stand(person, before)
