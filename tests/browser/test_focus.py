"""The focus outlives what a swap takes away, for those who have nothing but a keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import APIResponse, Locator, Route, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def press(control: Locator) -> None:
    control.focus()
    control.press("Enter")


def test_from_version_to_version(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."), answer("Two."), answer("Three."))
    person.ask("Say something")
    person.sees_status("complete")
    for text in ("Two.", "Three."):
        press(person.button("Regenerate"))
        person.sees(text)
        person.sees_status("complete")
        expect(person.box).to_be_focused()
    press(person.button("Previous version"))
    person.sees("Two.")
    expect(person.button("Previous version")).to_be_focused()
    person.page.keyboard.press("Enter")
    person.sees("One.")
    expect(person.button("Previous version")).to_be_focused()
    expect(person.button("Previous version")).to_have_attribute("aria-disabled", "true")


def test_renaming_gives_it_back_to_the_line(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    person.ask("Old name")
    person.sees_status("complete")
    menu = person.page.locator(".row-menu > summary")
    press(menu)
    press(person.button("Rename"))
    person.page.get_by_label("Title").fill("New name")
    person.page.keyboard.press("Enter")
    expect(person.page.locator(".row-title")).to_have_text("New name")
    expect(person.page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_be_focused()


@pytest.mark.parametrize("ends_with", ["Save", "Cancel", "Escape"])
def test_closing_a_dialog_focuses_the_replacement_of_its_opener(
    person: Person, upstream: UpstreamThread, ends_with: str
) -> None:
    """A frame may replace the sidebar item while the dialog that it opened is still open."""
    upstream.script(answer("Yes."))
    person.ask("Old name")
    person.sees_status("complete")
    page = person.page
    menu = page.locator(".row-menu > summary")
    press(menu)
    press(person.button("Rename"))
    page.get_by_label("Title").fill("New name")
    if ends_with == "Save":
        held: list[tuple[Route, APIResponse]] = []
        page.route("**/rename/", lambda route: held.append((route, route.fetch())))
        page.keyboard.press("Enter")
    else:
        person.rename_elsewhere("New name")
    expect(page.locator(".row-title")).to_have_text("New name")
    expect(page.get_by_role("dialog")).to_have_count(1)
    if ends_with == "Save":
        [(route, response)] = held
        route.fulfill(response=response)
    elif ends_with == "Cancel":
        press(person.button("Cancel"))
    else:
        page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_be_focused()


def test_closing_the_details_of_an_answer_that_was_replaced(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    person.ask("Say yes")
    person.sees_status("complete")
    page = person.page
    menu = page.locator(".answer-menu > summary")
    press(menu)
    press(person.button("About this answer"))
    expect(page.get_by_role("dialog")).to_have_count(1)
    page.evaluate(
        """() => {
          const article = document.querySelector("article[data-role=assistant]");
          article.replaceWith(article.cloneNode(true));
        }"""
    )
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_closing_the_shortcuts_leaves_the_focus_where_it_was(person: Person) -> None:
    page = person.page
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    press(page.get_by_role("dialog").get_by_role("button", name="Close"))
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 200))")
    assert page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("is_open", [True, False])
def test_undo_has_it_after_deleting(
    person: Person, upstream: UpstreamThread, is_open: bool
) -> None:
    upstream.script(answer("Yes."))
    person.ask("To be deleted")
    person.sees_status("complete")
    if not is_open:
        person.page.goto(person.site)
    press(person.page.locator(".row-menu > summary"))
    press(person.button("Delete"))
    expect(person.page.locator("#toasts").get_by_role("button", name="Undo")).to_be_focused()
    person.page.keyboard.press("Enter")
    expect(person.page.locator(".row-title")).to_have_text("To be deleted")


def test_tab_stays_in_the_sidebar_of_a_phone(new_person: Callable[..., Person]) -> None:
    person = new_person(viewport={"width": 390, "height": 800})
    main = person.page.locator("#main")
    person.button("Open conversations").click()
    expect(main).to_have_js_property("inert", True)
    person.page.set_viewport_size({"width": 1200, "height": 800})
    expect(main).to_have_js_property("inert", False)
    person.page.set_viewport_size({"width": 390, "height": 800})
    person.page.keyboard.press("Escape")
    expect(main).to_have_js_property("inert", False)
    expect(person.button("Open conversations")).to_be_focused()


def test_escape_closes_a_dialog_before_the_sidebar_of_a_phone(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    person = new_person(viewport={"width": 390, "height": 800})
    person.ask("A name")
    person.sees_status("complete")
    person.button("Open conversations").click()
    menu = person.page.locator(".row-menu > summary")
    press(menu)
    press(person.button("Rename"))
    person.page.keyboard.press("Escape")
    expect(person.page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_be_focused()
    expect(person.page.locator("#main")).to_have_js_property("inert", True)


def test_who_leaves_a_control_is_not_called_back(person: Person, upstream: UpstreamThread) -> None:
    """What comes in another way does not take the focus to where it was before."""
    upstream.script(answer("One."), answer("Two."))
    person.ask("Say something")
    person.sees_status("complete")
    other = person.second_tab()
    person.button("Regenerate").focus()
    person.page.evaluate("document.activeElement.blur()")
    other.button("Regenerate").click()
    person.sees("Two.")
    person.sees_status("complete")
    assert person.page.evaluate("document.activeElement === document.body")
