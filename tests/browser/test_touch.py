"""Under a finger: what is pressed is 44 px, little is shown, and nothing depends on hovering."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Cut, Script, UpstreamThread, answer
from tests.fake_llm.faults import after_text, status
from tests.support.person import Person
from tests.support.site import ROOT

pytestmark = pytest.mark.browser

CODE = "Text\n\n```python\nprint(1)\n```\n"
STYLES = ("base", "blocks", "markdown")
SMALL = """(root) => [...root.querySelectorAll("button, summary, a[href], select")]
  .filter((element) => element.checkVisibility({ visibilityProperty: true })
    && !element.closest("#sidebar, .visually-hidden, .skip-link, .dock, [inert]"))
  .filter((element) => {
    const { width, height } = element.getBoundingClientRect();
    return width && (width < 43.5 || height < 43.5);
  }).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def touch(new_person: Callable[..., Person]) -> Person:
    return new_person(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)


def talk(person: Person, upstream: UpstreamThread, *answers: Script) -> None:
    upstream.script(*answers)
    for n in range(len(answers)):
        person.box.fill(f"Question {n}")
        person.button("Send").click()
        expect(person.page.locator("article")).to_have_count(2 * n + 2)
        expect(person.answer).to_have_attribute("data-status", re.compile("complete|failed"))


def shown(area: Locator) -> list[str]:
    buttons = area.locator("button, summary").filter(visible=True).all()
    return [button.get_attribute("aria-label") or button.inner_text() for button in buttons]


def test_what_is_pressed_is_44_px(touch: Person, upstream: UpstreamThread) -> None:
    long = "\n".join(f"line {n}" for n in range(20))
    talk(touch, upstream, answer(CODE), status(401), answer("Cut", reason="length"))
    touch.box.fill(long)
    upstream.script(answer("Done."))
    touch.button("Send").click()
    touch.sees("Done.")
    expect(touch.button("Show more")).to_be_visible()
    assert touch.page.locator("body").evaluate(SMALL) == []
    touch.answer.locator(".answer-menu > summary").click()
    assert touch.page.locator("body").evaluate(SMALL) == []


def test_only_three_tools_stand_under_an_answer(touch: Person, upstream: UpstreamThread) -> None:
    talk(touch, upstream, answer("Hello."))
    tools = touch.answer.locator(".message-tools")
    assert shown(tools) == ["Copy", "Regenerate", "More"]
    tools.get_by_label("More").click()
    touch.button("Bad answer").click()
    reason = touch.page.get_by_label("What was wrong? (optional)")
    reason.fill("It is short")
    touch.button("Save reason").click()
    expect(reason).to_have_count(0)
    tools.get_by_label("More").click()
    expect(touch.button("Bad answer")).to_have_attribute("aria-pressed", "true")
    touch.page.reload()
    tools.get_by_label("More").click()
    expect(touch.button("Bad answer")).to_have_attribute("aria-pressed", "true")
    expect(touch.button("Good answer")).to_have_attribute("aria-pressed", "false")


def test_a_mouse_has_the_thumbs_at_hand(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Hello."))
    person.ask("Hi")
    person.sees_status("complete")
    tools = person.answer.locator(".message-tools")
    assert shown(tools) == ["Copy", "Good answer", "Bad answer", "Regenerate", "More"]
    tools.get_by_label("More").click()
    expect(person.button("Good answer")).to_have_count(1)


@pytest.mark.parametrize("kind", ["touch", "mouse"])
def test_no_message_is_close_to_the_tools_above(
    new_person: Callable[..., Person], upstream: UpstreamThread, kind: str
) -> None:
    is_touch = kind == "touch"
    person = new_person(
        viewport={"width": 390, "height": 844}, has_touch=is_touch, is_mobile=is_touch
    )
    talk(person, upstream, answer("One."), status(401), answer("Three."))
    tools = person.page.locator(".message-tools").all()
    messages = person.page.locator("article").all()
    for above, below in zip(tools[:-1], messages[1:], strict=True):
        boxes = above.bounding_box(), below.bounding_box()
        assert boxes[0] is not None
        assert boxes[1] is not None
        assert boxes[1]["y"] - boxes[0]["y"] - boxes[0]["height"] >= 16


@pytest.mark.parametrize("name", STYLES)
def test_styles_of_hovering_are_for_those_who_hover(name: str) -> None:
    css = Path(ROOT / "static" / "css" / f"{name}.css").read_text()
    outside = re.sub(r"@media \(hover: hover\) \{\n(?:  .*\n|\n)*\}", "", css)
    assert [line for line in outside.splitlines() if ":hover" in line] == []


def test_a_failure_has_its_way_out_in_its_box(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(status(401), status(401), answer("At last."))
    person.ask("First")
    person.sees_status("failed")
    assert shown(person.answer.locator(".message-tools")) == ["More"]
    person.answer.get_by_label("More").click()
    assert shown(person.answer.locator(".menu-list")) == ["About this answer"]
    person.page.keyboard.press("Escape")
    person.ask("Second")
    expect(person.page.locator("article")).to_have_count(4)
    person.sees_status("failed")
    older, newest = person.page.locator(".message-error").all()
    colour = "(box) => getComputedStyle(box).color"
    assert older.evaluate(colour) != newest.evaluate(colour)
    newest.get_by_role("button", name="Retry").click()
    person.sees("At last.")
    expect(person.page.locator(".message-error")).to_have_count(1)


def test_text_that_failed_can_be_copied_and_rated(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(after_text(Cut()))
    person.ask("Question")
    expect(person.answer).to_have_attribute("data-status", re.compile("failed|interrupted"))
    names = shown(person.answer.locator(".message-tools"))
    assert {"Copy", "Good answer", "Bad answer", "More"} <= set(names)
