"""What is dropped on a page does not replace it; selected text goes into a text field."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.person import Person

pytestmark = pytest.mark.browser

NOTICE = "Files can't be attached."
DROP = """([selector, kind]) => {
  const transfer = new DataTransfer();
  if (kind === "link") {
    transfer.setData("text/uri-list", "https://example.com/");
  } else if (kind === "text") {
    transfer.setData("text/plain", "some words");
  } else {
    const [name, type] = kind === "image" ? ["a.png", "image/png"] : ["a.txt", "text/plain"];
    transfer.items.add(new File(["content"], name, { type }));
  }
  return ["dragover", "drop"].map((name) => {
    const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
    const event = new DragEvent(name, options);
    document.querySelector(selector).dispatchEvent(event);
    return event.defaultPrevented;
  });
}"""
PLACES = ("[data-scroller]", "#composer-text", "#sidebar", ".send", "html")


def is_prevented(page: Page, place: str, kind: str) -> Any:
    return page.evaluate(DROP, [place, kind])


@pytest.mark.parametrize("kind", ["image", "text file"])
def test_a_dropped_file_leaves_the_page_and_the_text(person: Person, kind: str) -> None:
    notice = person.page.locator("#composer-notice")
    person.box.fill("Typed")
    for place in PLACES:
        assert is_prevented(person.page, place, kind) == [True, True], place
        expect(notice).to_contain_text(NOTICE)
        person.page.evaluate("document.getElementById('composer-notice').replaceChildren()")
    expect(person.box).to_have_value("Typed")


def test_a_dropped_link_opens_nothing_and_can_be_dropped_into_the_box(person: Person) -> None:
    for place in PLACES:
        is_box = place == "#composer-text"
        assert is_prevented(person.page, place, "link") == [not is_box, not is_box], place
    expect(person.page.locator("#composer-notice")).to_be_empty()


def test_selected_text_can_be_dropped(person: Person) -> None:
    for place in PLACES:
        assert is_prevented(person.page, place, "text") == [False, False], place


def test_the_other_pages_stay_too(person: Person) -> None:
    person.page.goto(f"{person.site}/accounts/email/")
    for place, kind in (("main", "image"), ("input[type=email]", "text file"), ("main", "link")):
        assert is_prevented(person.page, place, kind) == [True, True]
