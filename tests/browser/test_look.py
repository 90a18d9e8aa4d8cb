"""How pages look: theme, appearance, and who sees a ring round the composer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.person import Person

pytestmark = pytest.mark.browser

NO_SHADOW_RING = "0px 0px 0px 1px"


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_theme_is_chosen_by_keyboard_and_remembered(
    new_person: Callable[..., Person],
) -> None:
    person = new_person(color_scheme="light")
    page = person.page
    page.locator("summary.account").click()
    theme = page.get_by_role("group", name="Theme")
    expect(theme.get_by_role("radio", name="System")).to_be_checked()
    theme.get_by_role("radio", name="System").focus()
    page.keyboard.press("ArrowRight")
    expect(theme.get_by_role("radio", name="Light")).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(theme.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("summary.account + .menu-list")).to_be_visible()
    assert background(page) == "rgb(29, 32, 36)"
    page.keyboard.press("Escape")
    person.sign_out()
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("radio", name="System").check(force=True)
    assert background(page) == "rgb(255, 255, 255)"


def test_another_tab_follows(person: Person) -> None:
    other = person.second_tab()
    person.page.locator("summary.account").click()
    person.page.get_by_role("radio", name="Dark").check(force=True)
    other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(other.page.locator("html")).to_have_attribute("data-theme", "dark")
    other.page.locator("summary.account").click()
    expect(other.page.get_by_role("radio", name="Dark")).to_be_checked()


def test_classic_has_the_colours_of_the_tutorial(new_person: Callable[..., Person]) -> None:
    person = new_person(color_scheme="light")
    page = person.page
    page.goto(f"{person.site}/settings/")
    section = page.locator("#appearance")
    expect(section.get_by_role("radio", name="Default")).to_be_checked()
    section.get_by_role("radio", name="Classic").check(force=True)
    section.get_by_role("button", name="Save").click()
    expect(page.locator("html")).to_have_attribute("data-appearance", "classic")
    response = page.goto(f"{person.site}/")
    assert response is not None
    assert 'data-appearance="classic"' in response.text()
    assert background(page) == "rgb(245, 245, 245)"


def test_only_who_comes_by_keyboard_sees_a_ring_round_the_composer(person: Person) -> None:
    ring = "getComputedStyle(document.querySelector('.composer-box')).boxShadow"
    expect(person.box).to_be_focused()
    assert NO_SHADOW_RING not in person.page.evaluate(ring)
    person.box.click()
    person.page.keyboard.type("Hi")
    assert NO_SHADOW_RING not in person.page.evaluate(ring)
    person.page.keyboard.press("Shift+Tab")
    person.page.keyboard.press("Tab")
    expect(person.box).to_be_focused()
    assert NO_SHADOW_RING in person.page.evaluate(ring)
