"""Menus stay inside of the page, also on a phone and in a language with long words."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.test_history import ROWS
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 800}


def test_the_menu_of_an_answer_fits_a_phone(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    person = new_person(viewport=PHONE)
    person.ask("Is it narrow?")
    person.sees_status("complete")
    person.choose_language("de")
    person.page.reload()
    person.answer.locator(".answer-menu > summary").click()
    box = person.answer.get_by_text("Formatierten Text kopieren").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= PHONE["width"]


def test_the_menu_of_the_last_line_can_be_seen(person: Person, site: Site) -> None:
    site.manage("shell", "-c", ROWS.format(email=person.email))
    person.page.reload()
    rows = person.page.locator(".row")
    expect(rows.last).to_be_attached()
    # Scrolling brings more lines, after which the last is another one: a line is told by its id.
    row = person.page.locator(f"#{rows.last.get_attribute('id')}")
    row.scroll_into_view_if_needed()
    row.hover()
    row.locator("summary").click()
    expect(row.get_by_role("button", name="Delete")).to_be_in_viewport(ratio=1)


def test_an_open_menu_stays_open_when_its_row_changes(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    person.ask("Old name")
    person.sees_status("complete")
    page = person.page
    page.locator(".row-menu > summary").click()
    person.rename_elsewhere("New name")
    expect(page.locator(".row-title")).to_have_text("New name")
    expect(person.button("Rename")).to_be_visible()
    expect(page.locator(".row-link")).to_have_attribute("aria-current", "page")
