"""Long conversations: the reader's place while older messages come, and what one frame costs.

`pytest tests/browser/test_long.py -s` prints figures of docs/page.md; what is held are counts.
"""

import pytest
from playwright.sync_api import expect

from tests.browser.frames import Watch
from tests.fake_llm import Delay, Gate, UpstreamThread, answer
from tests.support.long_conversation import insert_long_conversation
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

TEXT = 'f"Message {number}. " + "Words. " * 7 * number'

PLACE = """(id) => document.getElementById(id).getBoundingClientRect().top"""
PART = "## Part\n\nWords **bold** and `code`.\n\n- one\n- two\n\n```python\nx = 1\n```\n\n"
DONE = """() => new Promise((done) => {
  const over = () => document.querySelector("article:last-of-type").dataset.status === "complete";
  const look = () => over() ? requestAnimationFrame(() => requestAnimationFrame(done))
    : document.addEventListener("chat:frame", () => setTimeout(look), { once: true });
  look();
})"""


def test_older_messages_do_not_move_what_is_read(person: Person, site: Site) -> None:
    key = insert_long_conversation(site, person.email, 90, TEXT)
    person.page.goto(f"{site.url}/c/{key}/")
    articles = person.page.locator("article")
    expect(articles.last).to_be_in_viewport()
    # Further ones come as soon as the top is near: one page at a time, or two.
    while (count := articles.count()) < 90:
        first = articles.first.get_attribute("id")
        before = person.page.evaluate(
            """(id) => { const box = document.querySelector("[data-scroller]");
            box.scrollTop = 0; return document.getElementById(id).getBoundingClientRect().top; }""",
            first,
        )
        expect(articles.nth(count)).to_be_attached()
        after = person.page.evaluate(PLACE, first)
        assert abs(after - before) < 1
    assert articles.count() == 90


def test_a_frame_of_a_long_answer_restyles_only_what_is_new(
    person: Person, upstream: UpstreamThread
) -> None:
    pieces = [PART[at : at + 6] for at in range(0, len(PART), 6)] * 6
    parts = [step for piece in pieces for step in (piece, Delay(0.01))]
    upstream.script(answer(PART * 250, Gate(), *parts))
    person.ask("Long")
    expect(person.body(person.answer).locator("h2")).to_have_count(250)
    elements = person.page.evaluate("document.querySelectorAll('.message-body *').length")
    with Watch(person.page) as watch:
        upstream.release()
        person.page.evaluate(DONE)
    print(f"\n{elements} elements:", watch.figures)
    # The close looks at all of it once; nothing before does.
    assert sum(styled > elements / 4 for styled in watch.figures.styled) <= 1
    assert watch.figures.forced <= 2
