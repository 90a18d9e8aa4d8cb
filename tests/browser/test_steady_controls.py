"""What is pressed twice in a row is the same button: controls stay where they are."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.proxied import proxied_site, proxy, site
from tests.browser.proxy import Proxy
from tests.browser.test_close_codes import line, wait_for
from tests.browser.test_scroll_follow import SHIFTS
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

__all__ = ["proxied_site", "proxy", "site"]
pytestmark = pytest.mark.browser

NAMES = ("Copy", "Good answer", "Bad answer", "Regenerate", "More")


SCROLLED = "([button, top]) => Math.abs(button.getBoundingClientRect().top - top) < 2"


def left(button: Locator) -> float:
    button.hover()
    box = button.bounding_box()
    assert box is not None
    return box["x"]


def tools(person: Person) -> list[float]:
    area = person.answer.locator(".message-tools")
    return [left(area.locator(f"[aria-label='{name}']")) for name in NAMES]


def question_tools(person: Person) -> list[float]:
    area = person.questions.last.locator(".message-tools")
    return [left(area.locator(f"[aria-label='{name}']")) for name in ("Copy", "Edit")]


def regenerate(person: Person, text: str) -> None:
    person.button("Regenerate").click()
    person.sees(text)
    person.sees_status("complete")


@pytest.mark.parametrize("width", [390, 1440])
def test_the_branch_switcher_moves_nothing(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    upstream.script(answer("First."), answer("Second."), answer("Third.", reason="length"))
    person.ask("Say something")
    person.sees_status("complete")
    before = tools(person)
    regenerate(person, "Second.")
    assert tools(person) == before
    regenerate(person, "Third.")
    expect(person.button("Continue")).to_be_visible()
    assert tools(person) == before
    switcher = person.answer.locator(".branch-switcher")
    steps = [left(button) for button in switcher.locator("button").all()]
    person.page.evaluate(SHIFTS)
    for text in ("Second.", "First."):
        person.button("Previous version").click()
        person.sees(text)
        assert tools(person) == before
        assert [left(button) for button in switcher.locator("button").all()] == steps
    # At the end it is the same button, which does nothing.
    person.button("Previous version").click(force=True)
    person.sees("First.")
    expect(person.button("Previous version")).to_have_attribute("aria-disabled", "true")
    assert sum(person.page.evaluate("window.shifts")) < 0.01


def test_the_switcher_of_a_question_moves_nothing(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("First."))
    person.ask("One wording")
    person.sees_status("complete")
    before = question_tools(person)
    person.button("Edit").click()
    person.page.get_by_role("textbox", name="Edit message").fill("Another wording")
    person.button("Save only").click()
    expect(person.button("Send it now")).to_be_visible()
    assert question_tools(person) == before
    steps = [left(person.button(f"{name} version")) for name in ("Previous", "Next")]
    person.button("Previous version").click()
    person.sees("First.")
    expect(person.button("Send it now")).to_have_count(0)
    assert question_tools(person) == before
    assert [left(person.button(f"{name} version")) for name in ("Previous", "Next")] == steps


def height(button: Locator) -> float:
    box = button.bounding_box()
    assert box is not None
    return box["y"]


def test_the_pressed_button_stays_when_versions_differ_in_length(
    person: Person, upstream: UpstreamThread
) -> None:
    """Between a long and a short version, and in the middle of a conversation."""
    long, longer = "A line.\n\n" * 40, "A line.\n\n" * 70 + "Longer."
    upstream.script(answer(long), answer(longer), answer("Next." + long), answer(long + "Other."))
    person.ask("Say something")
    person.sees_status("complete")
    regenerate(person, "Longer.")
    person.ask("Another question")
    person.sees("Next.")
    person.sees_status("complete")
    first = person.page.locator("article[data-role=assistant]").first
    button = first.get_by_role("button", name="Previous version")
    button.hover()
    before = height(button)
    button.click()
    expect(person.page.locator("article")).to_have_count(2)
    step = person.page.get_by_role("button", name="Next version")
    assert abs(height(person.button("Previous version")) - before) < 2
    step.click()
    expect(person.page.locator("article")).to_have_count(4)
    assert abs(height(button) - before) < 2
    # The reader who scrolls afterwards is not pulled back.
    person.page.mouse.wheel(0, -300)
    handle = button.element_handle()
    person.page.wait_for_function(SCROLLED, arg=[handle, before + 300])
    person.box.fill("More\nthan\none\nline")
    assert abs(height(button) - before - 300) < 2


@pytest.mark.parametrize("width", [390, 1440])
def test_the_countdown_moves_no_button(
    new_person: Callable[..., Person], proxy: Proxy, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    proxy.refusal = 502
    person.page.clock.install()
    person.page.reload()
    wait_for(person, "No connection.Trying again in")
    buttons = [person.button("Try now"), person.button("Reload")]
    boxes = [button.bounding_box() for button in buttons]
    texts = set()
    for _ in range(60):
        person.page.clock.run_for(500)
        texts.add(line(person).text_content())
        assert [button.bounding_box() for button in buttons] == boxes
    assert len(texts) > 2
