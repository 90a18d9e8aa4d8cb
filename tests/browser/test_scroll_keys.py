"""Keys scroll the conversation wherever the focus is, but in a text field."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

PARAGRAPH = "A sentence with **some** words and `code` in it. " * 8 + "\n\n"
CODE = "```python\nvalue = " + "'a long line' + " * 40 + "''\n```\n\n"
PLACE = "() => Math.round(document.querySelector('[data-scroller]').scrollTop)"
ROOM = """() => { const box = document.querySelector('[data-scroller]');
  return Math.round(box.scrollHeight - box.clientHeight); }"""
# Browsers scroll smoothly for a key: the place after it has stood still for six frames.
SETTLED = """() => new Promise((done) => {
  const box = document.querySelector("[data-scroller]");
  let last = -1;
  let still = 0;
  const look = () => {
    still = box.scrollTop === last ? still + 1 : 0;
    last = box.scrollTop;
    if (still > 6) done(Math.round(last));
    else requestAnimationFrame(look);
  };
  look();
})"""
DOWN, UP = ("PageDown", "Space", "ArrowDown"), ("PageUp", "Shift+Space", "ArrowUp")


def press(page: Page, key: str) -> int:
    """Where the conversation stands after the key."""
    page.keyboard.press(key)
    return int(page.evaluate(SETTLED))


def scrolls(page: Page) -> None:
    """Every key moves the conversation its way."""
    assert press(page, "Home") == 0
    for key in DOWN:
        before = int(page.evaluate(PLACE))
        assert press(page, key) > before, key
    assert press(page, "End") >= page.evaluate(ROOM) - 1
    for key in UP:
        before = int(page.evaluate(PLACE))
        assert press(page, key) < before, key


def click_text(person: Person) -> None:
    person.body(person.answer).locator("p").last.click()


def leave_the_box(person: Person) -> None:
    person.box.focus()
    person.page.keyboard.press("Escape")


def leave_everything(person: Person) -> None:
    """As after a chat that was opened by the keys `j` and `k`."""
    person.page.evaluate("document.activeElement.blur()")


def skip_to_the_content(person: Person) -> None:
    person.page.locator("#main").focus()


def click_a_code_block(person: Person) -> None:
    person.page.locator("pre").last.click()
    expect(person.page.locator("pre").last).to_be_focused()


def open_long_chat(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(PARAGRAPH * 15 + CODE + PARAGRAPH * 2))
    person.ask("Long")
    person.sees_status("complete")


@pytest.mark.parametrize(
    "arrive",
    [click_text, leave_the_box, leave_everything, skip_to_the_content, click_a_code_block],
)
def test_keys_scroll(
    person: Person, upstream: UpstreamThread, arrive: Callable[[Person], None]
) -> None:
    open_long_chat(person, upstream)
    arrive(person)
    scrolls(person.page)


def test_keys_scroll_after_a_reload(person: Person, upstream: UpstreamThread) -> None:
    open_long_chat(person, upstream)
    person.page.reload()
    click_text(person)
    scrolls(person.page)


def test_the_reader_stays_where_a_key_went_while_text_comes(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer(PARAGRAPH * 12, Gate(), PARAGRAPH * 6, Gate(), "Last words."))
    person.ask("Long")
    person.sees("A sentence")
    click_text(person)
    place = press(person.page, "PageUp")
    room = person.page.evaluate(ROOM)
    assert place < room
    upstream.release()
    person.page.wait_for_function(f"() => ({ROOM})() > {room}")
    assert person.page.evaluate(PLACE) == place
    assert press(person.page, "End") >= person.page.evaluate(ROOM) - 1
    upstream.release()
    person.sees("Last words.")
    person.sees_status("complete")
    person.page.wait_for_function(f"() => ({PLACE})() >= ({ROOM})() - 4")


def test_keys_of_the_box_stay_its_own(person: Person, upstream: UpstreamThread) -> None:
    open_long_chat(person, upstream)
    person.box.fill("one\ntwo three")
    place = person.page.evaluate(SETTLED)
    for key in ("Home", "ArrowUp", "End", "Space", "ArrowDown", "End", "Space"):
        assert press(person.page, key) == place, key
    expect(person.box).to_have_value("one \ntwo three ")
    expect(person.box).to_be_focused()


def test_keys_of_menus_buttons_and_dialogs_stay_their_own(
    person: Person, upstream: UpstreamThread
) -> None:
    open_long_chat(person, upstream)
    page = person.page
    place = page.evaluate(PLACE)
    menu = page.locator("summary.account")
    menu.focus()
    assert press(page, "Space") == place
    expect(menu.locator("xpath=..")).to_have_attribute("open", "")
    assert press(page, "ArrowDown") == place
    page.keyboard.press("Escape")
    leave_everything(person)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    leave_everything(person)
    assert press(page, "PageUp") == place


def test_after_a_click_on_the_sidebar_keys_are_its_own(
    person: Person, upstream: UpstreamThread
) -> None:
    open_long_chat(person, upstream)
    place = person.page.evaluate(PLACE)
    box = person.page.locator("#sidebar .sidebar-scroll").bounding_box()
    assert box is not None
    person.page.mouse.click(box["x"] + 40, box["y"] + box["height"] - 5)
    assert press(person.page, "PageUp") == place
    click_text(person)
    assert press(person.page, "PageUp") < place


def test_single_keys_work_after_scrolling(person: Person, upstream: UpstreamThread) -> None:
    open_long_chat(person, upstream)
    click_text(person)
    press(person.page, "PageUp")
    person.page.keyboard.press("m")
    expect(person.box).to_be_focused()
