"""Reading while text streams: the reader's place wins, nothing jumps, nothing is exchanged."""

import pytest
from playwright.sync_api import expect

from tests.fake_llm import Delay, Gate, UpstreamThread, answer
from tests.fake_llm.faults import status
from tests.support.person import Person

pytestmark = pytest.mark.browser

PARAGRAPH = "A sentence with **some** words and `code` in it. " * 8 + "\n\n"
SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts.push(entry.value);
  }).observe({ type: "layout-shift", buffered: false });
}"""
WORK = """() => {
  window.work = { frames: 0, left: 0 };
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    window.work.left += Boolean(detail.ctx.target?.closest?.(".message-body"));
  });
  document.addEventListener("chat:frame", ({ detail }) => {
    window.work.frames += detail.event === "answer";
  });
  const bodies = document.querySelectorAll("article[data-role=assistant] .message-body");
  window.node = [...bodies].at(-1).querySelector("p").firstChild;
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
        expect(person.questions).to_have_count(number + 2)
        person.sees_status("failed")
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


def test_words_go_on_in_the_text_that_is_there(person: Person, upstream: UpstreamThread) -> None:
    """htmx has no part in it, entities included, and a pulse elsewhere restyles nothing."""
    words = [step for n in range(20) for step in (f" w{n} <&>", Delay(0.02))]
    long = answer("Begin", Gate(), *words, " end.", Gate(), " **Bold**")
    upstream.script(answer("Before."), long)
    # The page of a new conversation may show the beginning before its socket brings all of it anew.
    person.ask("First")
    person.sees_status("complete")
    person.ask("Words")
    person.sees("Begin")
    person.page.evaluate(WORK)
    upstream.release()
    person.sees("end.")
    work = person.page.evaluate("window.work")
    text = person.page.evaluate("window.node.isConnected && window.node.data")
    pulse = person.page.evaluate(
        "getComputedStyle(document.querySelector('[aria-current] .row-dot')).animationName"
    )
    upstream.release()
    person.sees_status("complete")
    assert work["frames"] > 3
    assert work["left"] == 0
    assert text == "Begin" + "".join(f" w{n} <&>" for n in range(20)) + " end."
    assert pulse == "none"


def test_the_focus_outlives_what_a_frame_replaces(person: Person, upstream: UpstreamThread) -> None:
    """A line below makes a heading of a paragraph."""
    upstream.script(answer("Words\n", Gate(), "===\n\n", Gate(), "More."))
    person.ask("Focus")
    person.sees("Words")
    person.page.evaluate(
        """() => {
        const block = document.querySelector(".live > p");
        block.tabIndex = -1;
        block.focus();
        }"""
    )
    upstream.release()
    expect(person.page.locator(".live > h1")).to_be_visible()
    expect(person.page.locator("#composer-text")).to_be_focused()
    upstream.release()
    person.sees_status("complete")


def test_a_thread_that_became_shorter_is_still_followed(
    person: Person, upstream: UpstreamThread
) -> None:
    """As when the window is made wider: the browser moves the page up, and more text comes."""
    upstream.script(answer(PARAGRAPH * 20))
    person.ask("Tell me a lot")
    person.sees_status("complete")
    at_end(person)
    person.page.evaluate(
        """async () => {
        const frame = () => new Promise(requestAnimationFrame);
        const painted = async () => { await frame(); await new Promise(setTimeout); };
        const add = (height) => {
            const block = document.createElement("div");
            block.style.blockSize = `${height}px`;
            return document.querySelector("#thread").appendChild(block);
        };
        const tall = add(2000);
        for (let n = 3; n; n--) await painted();
        tall.remove();
        await painted();
        add(1500);
        for (let n = 3; n; n--) await painted(); }"""
    )
    at_end(person)
    expect(person.button("Jump to latest")).to_be_hidden()
