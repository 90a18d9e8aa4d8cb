"""Reading while text streams: the reader's place wins, nothing jumps, nothing is exchanged."""

import pytest
from playwright.sync_api import expect

from tests.e2e.person import Person
from tests.upstream import Gate, UpstreamThread, answer
from tests.upstream.faults import status

pytestmark = pytest.mark.browser

PARAGRAPH = "A sentence with **some** words and `code` in it. " * 8 + "\n\n"
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: false });
}"""
TOP = "document.querySelector('[data-scroller]').scrollTop"


def at_end(person: Person) -> None:
    person.page.wait_for_function(
        """() => { const box = document.querySelector("[data-scroller]");
        return box.scrollHeight - box.scrollTop - box.clientHeight < 4; }"""
    )


def test_nothing_shifts_from_the_first_word_to_the_close(
    person: Person, upstream: UpstreamThread
) -> None:
    text = (
        "# Title\n\n" + PARAGRAPH + "```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    pieces = [text[at : at + 9] for at in range(0, len(text), 9)]
    upstream.script(answer("Ready", Gate(), "\n\n", *pieces))
    person.ask("Stream")
    person.sees("Ready")
    person.page.evaluate(SHIFTS)
    upstream.release()
    person.sees_status("complete")
    person.page.evaluate("() => new Promise((done) => requestAnimationFrame(done))")
    assert sum(person.page.evaluate("window.shifts")) < 0.01


def test_the_end_is_followed_until_the_reader_leaves_it(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer(PARAGRAPH * 12, Gate(), PARAGRAPH * 6, Gate(), PARAGRAPH, "Last words."))
    jump = person.button("Jump to latest")
    person.ask("Long")
    person.sees("A sentence")
    at_end(person)
    expect(jump).to_be_hidden()
    person.page.mouse.move(700, 400)
    person.page.mouse.wheel(0, -600)
    expect(jump).to_be_visible()
    place = person.page.evaluate(TOP)
    height = "document.querySelector('[data-scroller]').scrollHeight"
    before = person.page.evaluate(height)
    upstream.release()
    person.page.wait_for_function(f"() => {height} > {before}")
    assert person.page.evaluate(TOP) == place
    jump.click()
    at_end(person)
    expect(jump).to_be_hidden()
    upstream.release()
    person.sees("Last words.")
    at_end(person)


def test_what_fails_at_once_is_in_view(person: Person, upstream: UpstreamThread) -> None:
    """Question, answer and its end come faster than the page hears of its own scrolling."""
    upstream.script(answer(PARAGRAPH * 20), *[status(401)] * 5)
    person.ask("Long")
    person.sees_status("complete")
    for number in range(5):
        person.ask(f"Again {number}?")
        person.sees_status("failed")
        expect(person.questions).to_have_count(number + 2)
        at_end(person)
        expect(person.page.locator("[data-jump]")).to_be_hidden()


def test_the_close_keeps_selection_and_elements(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Select these words.\n\nAnd", Gate(), " more", Gate(), " to come."))
    person.ask("Hold")
    person.sees("And")
    upstream.release()
    person.sees("And more")
    person.page.evaluate(
        """() => {
        window.kept = document.querySelector("article[data-role=assistant] .message-body p");
        getSelection().selectAllChildren(window.kept);
        }"""
    )
    upstream.release()
    person.sees_status("complete")
    assert person.page.evaluate("getSelection().toString()") == "Select these words."
    assert person.page.evaluate("window.kept.isConnected")


def test_finished_text_is_that_of_a_reload(person: Person, upstream: UpstreamThread) -> None:
    text = PARAGRAPH + "1. one\n2. two\n\n> [!TIP]\n> alert\n\n$$x^2$$\n\n```js\nlet a = 1;\n```\n"
    upstream.script(answer(*[text[at : at + 5] for at in range(0, len(text), 5)]))
    person.ask("Same")
    person.sees_status("complete")
    streamed = person.answer.inner_html()
    person.page.reload()
    assert person.answer.inner_html() == streamed
