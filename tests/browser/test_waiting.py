"""While the server is slow, every action shows at once that it was taken."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.test_deleting import row, talk
from tests.fake_llm import UpstreamThread, answer
from tests.support.long_conversation import insert_long_conversation
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

AT_ONCE = 100  # milliseconds
SKELETON = 200

# When an element first matches after the event, in milliseconds.
FIRST_SEEN = """([event, selector]) => {
  document.addEventListener(event, () => {
    const start = performance.now();
    const look = () => {
      if (document.querySelector(selector)) window.seen = performance.now() - start;
      else requestAnimationFrame(look);
    };
    setTimeout(look);
  }, { once: true, capture: true });
}"""


def hold(person: Person, pattern: str) -> Callable[[], None]:
    """Requests that match wait for the network until the returned function is called."""
    held: list[Route] = []
    person.page.route(pattern, lambda route: held.append(route))

    def go() -> None:
        for route in held:
            route.continue_()
        person.page.unroute(pattern)

    return go


def seen(person: Person) -> float:
    person.page.wait_for_function("() => window.seen !== undefined")
    return float(person.page.evaluate("window.seen"))


def test_sending(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    go = hold(person, "**/c/")
    person.page.evaluate(FIRST_SEEN, ["keydown", ".composer.htmx-request"])
    person.ask("A question")
    assert seen(person) < AT_ONCE
    expect(person.button("Send")).to_have_css("animation-name", "breathe")
    go()
    person.sees_status("complete")


def test_deleting(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha", "Beta")
    go = hold(person, "**/delete/")
    row(person, "Alpha").hover()
    row(person, "Alpha").locator("summary").click()
    person.page.evaluate(FIRST_SEEN, ["click", ".row:has(.htmx-request)"])
    row(person, "Alpha").get_by_role("button", name="Delete").click()
    assert seen(person) < AT_ONCE
    expect(row(person, "Alpha")).to_have_css("opacity", "0.5")
    expect(row(person, "Beta")).to_have_css("opacity", "1")
    go()
    expect(row(person, "Alpha")).to_have_count(0)


def test_renaming(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha")
    go = hold(person, "**/rename/")
    row(person, "Alpha").hover()
    row(person, "Alpha").locator("summary").click()
    person.button("Rename").click()
    person.page.get_by_label("Title", exact=True).fill("Omega")
    person.page.evaluate(FIRST_SEEN, ["click", "#rename-form.htmx-request"])
    person.button("Save").click()
    assert seen(person) < AT_ONCE
    expect(person.button("Save")).to_have_css("opacity", "0.55")
    go()
    expect(person.page.locator(".row-title")).to_have_text("Omega")
    expect(person.page.get_by_role("dialog")).to_be_hidden()


def test_searching(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha")
    go = hold(person, "**/search/**")
    person.page.evaluate(FIRST_SEEN, ["htmx:before:request", ".sidebar.searching"])
    person.page.get_by_role("searchbox").fill("Alp")
    expect(person.page.locator(".search > .icon")).to_have_css("animation-name", "breathe")
    assert seen(person) >= SKELETON - 20
    results = person.page.locator("#search-results")
    expect(results).to_have_attribute("aria-busy", "true")
    expect(results).to_be_visible()
    go()
    expect(results).to_contain_text("Alpha")
    expect(results).to_have_attribute("aria-busy", "false")


def test_a_search_that_is_fast_shows_no_skeleton(person: Person, upstream: UpstreamThread) -> None:
    """It shows the results in place of the list, and nothing between them."""
    talk(person, upstream, "Alpha")
    person.page.evaluate(
        """() => new MutationObserver(() => {
            window.blank ||= document.querySelector(".searching #search-results:empty") !== null;
        }).observe(document.querySelector("#sidebar"), { attributeFilter: ["class"] })"""
    )
    person.page.get_by_role("searchbox").fill("Alp")
    expect(person.page.locator("#search-results")).to_contain_text("Alpha")
    assert not person.page.evaluate("window.blank")


def test_a_search_that_was_cleared_meanwhile(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha")
    go = hold(person, "**/search/**")
    person.page.get_by_role("searchbox").fill("Alp")
    expect(person.page.locator(".sidebar.searching")).to_be_visible()
    person.page.get_by_role("searchbox").press("Escape")
    expect(row(person, "Alpha")).to_be_visible()
    go()
    expect(row(person, "Alpha")).to_be_visible()


def test_earlier_messages(person: Person, site: Site) -> None:
    key = insert_long_conversation(site, person.email, 90, "f'Words. {number}'")
    go = hold(person, "**/before/**")
    person.page.goto(f"{site.url}/c/{key}/")
    articles = person.page.locator("article")
    expect(articles.last).to_be_in_viewport()
    count = articles.count()
    person.page.evaluate("document.querySelector('[data-scroller]').scrollTop = 0")
    person.page.wait_for_function(
        """() => {
          const line = document.querySelector(".load-older.htmx-request");
          return line && getComputedStyle(line, "::after").opacity === "1";
        }"""
    )
    first = articles.first.get_attribute("id")
    assert first is not None
    top = person.page.locator(f"#{first}").bounding_box()
    go()
    expect(articles.nth(count)).to_be_attached()
    after = person.page.locator(f"#{first}").bounding_box()
    assert top is not None
    assert after is not None
    assert abs(after["y"] - top["y"]) < 2


# The browser asks for no page: what is seen then is what is seen while it waits for one.
NEVER_OPEN = """() => addEventListener("click", (event) => event.preventDefault())"""


def test_opening_a_conversation(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha", "Beta")
    person.page.evaluate(NEVER_OPEN)
    person.page.evaluate(FIRST_SEEN, ["click", ".row:has(.opened)"])
    row(person, "Alpha").locator(".row-link").click()
    assert seen(person) < AT_ONCE
    person.page.wait_for_function(
        """() => {
          const opacityOf = (...element) => getComputedStyle(...element).opacity;
          return opacityOf(document.querySelector(".conversation"), "::after") === "1"
            && opacityOf(document.querySelector(".scroller > .column")) === "0";
        }"""
    )
    person.page.keyboard.press("Escape")
    expect(person.page.locator(".opening, .opened")).to_have_count(0)
    expect(person.page.locator(".scroller > .column")).to_have_css("opacity", "1")


def test_a_page_that_comes_back_shows_its_text(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream, "Alpha", "Beta")
    row(person, "Alpha").locator(".row-link").click()
    person.sees("About Alpha.")
    person.page.go_back()
    person.sees("About Beta.")
    expect(person.page.locator(".opening, .opened")).to_have_count(0)


def test_unsaved_text_stays_in_sight(person: Person, upstream: UpstreamThread) -> None:
    """The browser asks first, and the person may stay."""
    talk(person, upstream, "Alpha", "Beta")
    person.page.evaluate(NEVER_OPEN)
    person.button("Edit").click()
    person.page.get_by_role("textbox", name="Edit message").fill("Beta, but better")
    row(person, "Alpha").locator(".row-link").click()
    expect(person.page.locator(".opening, .opened")).to_have_count(0)
    person.button("Cancel").click()


def test_a_link_to_another_tab_leaves_this_page_alone(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream, "Alpha", "Beta")
    with person.page.context.expect_page():
        row(person, "Alpha").locator(".row-link").click(modifiers=["ControlOrMeta"])
    expect(person.page.locator("body.opening")).to_have_count(0)
    person.sees("About Beta.")
