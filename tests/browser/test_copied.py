"""What a person sees after copying: a check and a word, under the mouse too, and nothing moves."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.test_scroll_follow import SHIFTS
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

CODE = "Some text\n\n```python\nprint(1)\n```\n"
PERMISSIONS = ["clipboard-read", "clipboard-write"]
# The colour and the icon that are seen, whatever the class names are.
LOOK = """(button) => {
  const mark = button.querySelector(".copied-mark");
  const icons = [...button.querySelectorAll("use")]
    .filter((use) => getComputedStyle(use).visibility === "visible");
  const probe = document.createElement("i");
  probe.style.color = "var(--success)";
  document.body.append(probe);
  const success = getComputedStyle(probe).color;
  probe.remove();
  return {
    icons: icons.map((use) => use.getAttribute("href")),
    isGreen: Boolean(mark) && getComputedStyle(mark).color === success,
  };
}"""


def sees_copied(button: Locator) -> None:
    mark = button.locator(".copied-mark")
    expect(mark).to_have_text("Copied", use_inner_text=True)
    expect(mark).to_be_visible()
    assert button.evaluate(LOOK) == {"icons": ["#i-check"], "isGreen": True}


def talk(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(CODE))
    person.ask("Code please")
    person.sees_status("complete")
    person.page.evaluate(SHIFTS)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "selector",
    [
        "article[data-role=assistant] [data-copy-message]",
        "article[data-role=user] [data-copy-message]",
        ".code-copy",
    ],
)
def test_the_mouse_sees_that_something_was_copied(
    new_person: Callable[..., Person], upstream: UpstreamThread, selector: str, theme: str
) -> None:
    person = new_person(permissions=PERMISSIONS, color_scheme=theme)
    talk(person, upstream)
    button = person.page.locator(selector)
    box = button.bounding_box()
    button.click()  # and the pointer stays on it
    sees_copied(button)
    button.click()
    expect(button.locator(".copied-mark")).to_have_count(1)
    assert button.bounding_box() == box
    expect(button.locator(".copied-mark")).to_have_count(0)
    assert sum(person.page.evaluate("window.shifts")) < 0.01


def test_what_a_menu_copied_is_marked_at_the_menu(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(permissions=PERMISSIONS)
    talk(person, upstream)
    summary = person.answer.locator(".answer-menu > summary")
    summary.click()
    person.button("Copy formatted text").click()
    sees_copied(summary)
    expect(summary.locator(".copied-mark")).to_have_count(0)


def test_a_key_that_copies_is_answered_too(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(permissions=PERMISSIONS)
    talk(person, upstream)
    person.page.locator("[data-scroller]").focus()
    person.page.keyboard.press("y")
    sees_copied(person.answer.locator("[data-copy-message]"))
