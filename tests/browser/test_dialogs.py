"""Dialogs close on a click outside, and on nothing else by accident."""

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def open_rename(person: Person) -> Locator:
    person.page.locator(".row").hover()
    person.page.locator(".row-menu > summary").click()
    person.button("Rename").click()
    dialog = person.page.get_by_role("dialog", name="Rename conversation")
    expect(dialog).to_be_visible()
    return dialog


def test_a_click_outside_closes(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    person.ask("A name")
    person.sees_status("complete")
    dialog = open_rename(person)
    box = dialog.bounding_box()
    assert box is not None
    person.page.mouse.click(box["x"] + 4, box["y"] + box["height"] / 2)
    expect(dialog).to_be_visible()
    person.page.mouse.click(box["x"] - 40, box["y"])
    expect(dialog).to_be_hidden()
    expect(person.page.locator(".row-menu > summary")).to_be_focused()
    person.page.locator("summary.account").click()
    person.button("Keyboard shortcuts").click()
    sheet = person.page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    person.page.mouse.click(20, 20)
    expect(sheet).to_be_hidden()


def test_selecting_text_beyond_the_edge_does_not_close(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    person.ask("A name")
    person.sees_status("complete")
    dialog = open_rename(person)
    field = person.page.get_by_label("Title", exact=True)
    box = field.bounding_box()
    assert box is not None
    person.page.mouse.move(box["x"] + 60, box["y"] + 10)
    person.page.mouse.down()
    person.page.mouse.move(5, box["y"] + 10, steps=4)
    person.page.mouse.up()
    expect(dialog).to_be_visible()
    person.page.mouse.move(5, 5)
    person.page.mouse.down()
    person.page.mouse.move(box["x"] + 60, box["y"] + 10, steps=4)
    person.page.mouse.up()
    expect(dialog).to_be_visible()
