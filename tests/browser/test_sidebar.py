"""The sidebar: it can be hidden, and titles use the whole line."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

LONG = "A title that is far longer than any sidebar is wide, whatever its font may be"


def sidebar(person: Person) -> Locator:
    return person.page.get_by_role("navigation", name="Conversations", exact=True)


def right_edge(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


def test_a_key_hides_it_and_that_is_remembered(person: Person) -> None:
    page = person.page
    page.keyboard.type("[")
    expect(person.box).to_have_value("[")
    expect(sidebar(person)).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    expect(sidebar(person)).to_be_hidden()
    response = page.reload()
    assert response is not None
    assert 'data-sidebar="closed"' in response.text()
    expect(sidebar(person)).to_be_hidden()
    expect(page.get_by_role("link", name="New chat")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("[")
    expect(sidebar(person)).to_be_visible()
    page.reload()
    expect(sidebar(person)).to_be_visible()


@pytest.mark.parametrize("modifiers", [{"altKey": True}, {"altKey": True, "ctrlKey": True}])
def test_the_bracket_of_other_keyboards_is_on_alt(
    person: Person, modifiers: dict[str, bool]
) -> None:
    """Option+5 and AltGr+8 on German keyboards; Ctrl or the command key with it is not ours."""
    script = """(modifiers) => document.querySelector("#main").dispatchEvent(
        new KeyboardEvent("keydown", { key: "[", bubbles: true, ...modifiers }))"""
    for foreign in ({"ctrlKey": True}, {"metaKey": True}):
        person.page.evaluate(script, foreign)
    expect(sidebar(person)).to_be_visible()
    person.page.evaluate(script, modifiers)
    expect(sidebar(person)).to_be_hidden()


def test_its_buttons_say_what_is_open_and_keep_the_focus(person: Person) -> None:
    close, reopen = person.button("Close conversations"), person.button("Open conversations")
    expect(close).to_have_attribute("aria-expanded", "true")
    expect(reopen).to_be_hidden()
    close.press("Enter")
    expect(sidebar(person)).to_be_hidden()
    expect(reopen).to_be_focused()
    expect(reopen).to_have_attribute("aria-expanded", "false")
    reopen.press("Enter")
    expect(close).to_be_focused()
    expect(sidebar(person)).to_be_visible()


def test_search_brings_it_back(person: Person) -> None:
    person.button("Close conversations").click()
    person.page.keyboard.press("s")
    expect(person.page.get_by_role("searchbox")).to_be_focused()
    expect(sidebar(person)).to_be_visible()


def test_a_phone_does_not_hide_what_a_desktop_hid(person: Person) -> None:
    person.button("Close conversations").click()
    person.page.set_viewport_size({"width": 390, "height": 800})
    person.button("Open conversations").click()
    expect(sidebar(person)).to_be_visible()
    expect(person.page.get_by_role("link", name="New chat").first).to_be_focused()


def test_a_title_uses_the_whole_line(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    person.ask(LONG)
    person.sees_status("complete")
    person.page.mouse.move(700, 400)
    row, title = person.page.locator(".row"), person.page.locator(".row-title")
    menu = person.page.locator(".row-menu")
    expect(title).to_have_css("font-size", "15px")
    expect(menu).to_have_css("opacity", "0")
    assert right_edge(row) - right_edge(title) < 12
    row.hover()
    expect(menu).to_have_css("opacity", "1")
    assert right_edge(menu) <= right_edge(row)
    assert right_edge(title) - 40 < right_edge(menu)


def test_the_menu_can_be_seen_without_hovering(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    upstream.script(answer("Yes."))
    person.box.fill(LONG)
    person.button("Send").tap()
    person.sees_status("complete")
    person.button("Open conversations").tap()
    expect(person.page.locator(".row-menu")).to_have_css("opacity", "1")
    title, menu = person.page.locator(".row-title"), person.page.locator(".row-menu")
    assert right_edge(title) <= right_edge(menu) - 44
