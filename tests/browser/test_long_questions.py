"""Long questions are folded after twelve lines, and nothing of their text is lost."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

LINES = [f"line number {n}" for n in range(1, 31)]
LONG = "\n".join(LINES)
PROSE = "Some words of a question without any line breaks in it. " * 14
HEIGHT = "(body) => Math.round(body.clientHeight / parseFloat(getComputedStyle(body).lineHeight))"


def lines(person: Person, index: int = 0) -> int:
    return int(person.body(person.questions.nth(index)).evaluate(HEIGHT))


def is_folded(person: Person, index: int = 0) -> None:
    fold = person.questions.nth(index).get_by_role("button", name="Show more")
    expect(fold).to_have_attribute("aria-expanded", "false")
    assert lines(person, index) == 13  # with the space above and below


def top(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"]


def test_it_folds_as_it_comes_by_socket_and_on_a_page(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask(LONG)
    person.sees_status("complete")
    is_folded(person)
    person.ask("Short\n" * 12 + "Twelve and one")
    person.sees("Two.")
    is_folded(person, 1)
    person.page.reload()
    is_folded(person)
    is_folded(person, 1)


def test_the_button_stays_where_it_folds(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Word. " * 900))
    person.ask(LONG)
    person.sees_status("complete")
    person.page.locator("[data-scroller]").evaluate("(box) => { box.scrollTop = 0; }")
    body = person.body(person.questions.first)
    before = top(body)
    person.button("Show more").click()
    assert lines(person) >= 30
    assert abs(top(body) - before) < 2
    less = person.button("Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    person.page.locator("[data-scroller]").evaluate("(box) => { box.scrollTop = 520; }")
    place = top(less)
    less.press("Enter")
    more = person.button("Show more")
    expect(more).to_be_focused()
    assert abs(top(more) - place) < 2
    is_folded(person)


def test_what_the_browser_finds_in_it_unfolds(person: Person, upstream: UpstreamThread) -> None:
    """A link to a text scrolls to it as the browser's own search does."""
    upstream.script(answer("Yes."))
    person.ask(LONG)
    person.sees_status("complete")
    url = person.page.url
    person.page.goto("about:blank")
    person.page.goto(f"{url}#:~:text=line%20number%2028")
    expect(person.button("Show less")).to_be_visible()
    assert lines(person) >= 30


def test_its_whole_text_is_copied_edited_and_printed(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    upstream.script(answer("One."), answer("Two."))
    person.ask(LONG)
    person.sees_status("complete")
    person.questions.first.locator("[data-copy-message]").click()
    expect(person.page.locator("#live-region")).to_contain_text("Copied.")
    assert person.page.evaluate("navigator.clipboard.readText()") == LONG
    person.page.emulate_media(media="print")
    assert lines(person) >= 30
    expect(person.button("Show more")).to_be_hidden()
    person.page.emulate_media(media="screen")
    person.questions.first.get_by_role("button", name="Edit").click()
    editor = person.page.get_by_role("textbox", name="Edit message")
    expect(editor).to_have_value(LONG)
    expect(person.button("Show more")).to_be_hidden()
    editor.fill(LONG + "\nand one more")
    person.button("Send again").click()
    person.sees("Two.")
    is_folded(person)


def test_older_questions_are_folded_too(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(*[answer(f"Answer {n}.") for n in range(17)])
    for n in range(17):
        person.ask(LONG if n == 0 else f"Question {n}")
        person.sees(f"Answer {n}.")
        person.sees_status("complete")
    person.page.reload()
    person.page.locator("[data-scroller]").evaluate("(box) => { box.scrollTop = 0; }")
    expect(person.questions).to_have_count(17)
    is_folded(person)


@pytest.mark.parametrize(("width", "folds"), [(390, True), (1440, False)])
def test_the_width_decides_where_nobody_broke_lines(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int, folds: bool
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    upstream.script(answer("Yes."))
    person.ask(PROSE)
    person.sees_status("complete")
    more = person.button("Show more")
    expect(more).to_be_visible(visible=folds)
    person.page.set_viewport_size({"width": 1830 - width, "height": 800})
    expect(more).to_be_visible(visible=not folds)


def test_twelve_lines_are_not_folded(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    person.ask("\n".join(LINES[:12]))
    person.sees_status("complete")
    expect(person.button("Show more")).to_have_count(0)
    assert lines(person) in (12, 13)
