"""An empty chat: the composer in the middle, and its way to its place with the first question."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.browser.test_scroll_follow import SHIFTS
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

# The heights at which the composer is painted in a conversation, frame by frame.
TOPS = """() => {
  window.tops = [];
  const note = () => {
    const composer = document.querySelector(".conversation:not(.empty) .composer");
    if (composer) window.tops.push(composer.getBoundingClientRect().top);
    if (window.tops.length < 60) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
}"""


def box(element: Locator) -> FloatRect:
    rect = element.bounding_box()
    assert rect is not None
    return rect


def greeting(page: Page) -> Locator:
    return page.get_by_role("heading", name="What's on your mind?")


@pytest.mark.parametrize(
    ("width", "height"), [(390, 844), (768, 1024), (1440, 900), (1920, 1080), (390, 420)]
)
def test_the_composer_stands_between_greeting_and_suggestions(
    new_person: Callable[..., Person], width: int, height: int
) -> None:
    """390 by 420 is a phone whose keyboard is open."""
    person = new_person(viewport={"width": width, "height": height})
    page = person.page
    composer, first = page.locator(".composer"), page.locator(".suggestion").first
    head, text, below = box(greeting(page)), box(composer), box(first)
    assert head["y"] >= 52
    assert head["y"] + head["height"] <= text["y"]
    assert text["y"] + text["height"] <= below["y"]
    assert below["y"] + below["height"] <= height
    assert height / 4 < text["y"] < height / 2 + 8
    assert abs(text["x"] + text["width"] / 2 - page.evaluate(MIDDLE)) < 2
    page.locator(".suggestion").last.scroll_into_view_if_needed()
    expect(page.locator(".suggestion").last).to_be_in_viewport()
    assert box(composer) == text


MIDDLE = """() => {
  const { left, right } = document.querySelector("#main").getBoundingClientRect();
  return (left + right) / 2;
}"""


@pytest.mark.parametrize("width", [390, 1440])
def test_the_first_question_shifts_nothing(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 844})
    upstream.script(answer("Slow ", Gate(), "answer."))
    person.page.evaluate(SHIFTS)
    person.page.evaluate(TOPS)
    middle = box(person.page.locator(".composer"))["y"]
    person.ask("First")
    person.sees("Slow")
    person.page.wait_for_function("() => window.tops.length === 60")
    tops = person.page.evaluate("window.tops")
    assert tops == sorted(tops)
    assert tops[0] < (middle + tops[-1]) / 2
    upstream.release()
    person.sees_status("complete")
    assert sum(person.page.evaluate("window.shifts")) < 0.01
    assert box(person.page.locator(".dock"))["y"] > 600


def test_who_wants_no_motion_sees_none(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(reduced_motion="reduce")
    upstream.script(answer("Yes."))
    person.page.evaluate(TOPS)
    person.ask("First")
    person.sees_status("complete")
    person.page.wait_for_function("() => window.tops.length === 60")
    assert len(set(person.page.evaluate("window.tops"))) == 1


def test_a_long_first_question_keeps_its_composer_in_view(
    new_person: Callable[..., Person],
) -> None:
    person = new_person(viewport={"width": 390, "height": 420})
    person.box.fill("A line\n" * 60)
    expect(person.button("Send")).to_be_in_viewport(ratio=1)
    expect(person.page.locator(".topbar")).to_be_in_viewport(ratio=1)
    assert person.page.evaluate("document.documentElement.scrollHeight") <= 420
