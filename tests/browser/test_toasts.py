"""Toasts: they say something without covering or moving what one works on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FloatRect, Locator, expect

from tests.browser.test_deleting import delete, talk
from tests.browser.test_scroll_follow import SHIFTS
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

LONG = "A question with a title that is much too long for the one line that a phone has for it"


def box(element: Locator) -> FloatRect:
    rect = element.bounding_box()
    assert rect is not None
    return rect


def overlap(one: FloatRect, other: FloatRect) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )


@pytest.mark.parametrize("width", [390, 768, 1024, 1440])
def test_news_of_another_conversation_covers_nothing(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    upstream.script(answer("One."), answer("Slow ", Gate(), "answer."))
    person.ask("First")
    person.sees_status("complete")
    address = person.page.url
    person.page.goto(f"{person.site}/")
    person.ask(LONG)
    person.sees("Slow")
    person.page.goto(address)
    person.box.fill("I am typing")
    person.page.evaluate(SHIFTS)
    upstream.release()
    toast = person.page.locator("[data-toast]")
    expect(toast).to_contain_text("has a new answer.")
    for element in ("[data-scroller]", ".dock", ".rows", ".search", ".account", ".sidebar-open"):
        for place in person.page.locator(element).all():
            if place.is_visible():
                assert not overlap(box(toast), box(place)), element
    expect(person.box).to_be_focused()
    assert sum(person.page.evaluate("window.shifts")) < 0.01
    toast.get_by_role("link", name="Open").click()
    person.sees("Slow answer.")


@pytest.mark.parametrize("width", [390, 1440])
def test_undo_stands_beside_the_list(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    talk(person, upstream, "Alpha", "Beta", "Gamma")
    if width == 390:
        person.button("Open conversations").click()
    person.page.evaluate(SHIFTS)
    delete(person, "Alpha")
    toasts = person.page.locator("[data-toast]")
    first = box(toasts)
    delete(person, "Beta")
    expect(toasts).to_have_count(2)
    assert box(toasts.last) == first
    for element in (".row", ".account", ".new-chat", ".search"):
        for place in person.page.locator(element).all():
            for toast in toasts.all():
                assert not overlap(box(toast), box(place)), element
    assert sum(person.page.evaluate("window.shifts")) < 0.01
    if width == 390:
        person.button("Close conversations").click()
        expect(toasts.first).to_be_visible()
        expect(person.button("Open conversations")).to_be_visible()
        assert not overlap(box(toasts.first), box(person.button("Open conversations")))
