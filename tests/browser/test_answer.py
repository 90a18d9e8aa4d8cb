"""An answer in the browser: it streams, survives reloads, stops, and is the same everywhere."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.fake_llm.faults import status
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

LONG = "word " * 60


def test_sign_up_and_chat(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Hello, ", Gate(), "**Ada**."))
    person.ask("Who am I?")
    person.sees("Hello,")
    person.sees_status("streaming")
    assert "/c/" in person.page.url
    expect(person.box).to_have_value("")
    expect(person.body(person.questions)).to_have_text("Who am I?")
    upstream.release()
    person.sees_status("complete")
    expect(person.body(person.answer).locator("strong")).to_have_text("Ada")
    expect(person.page.get_by_role("navigation", name="Conversations")).to_contain_text("Who am I?")


def test_reload_in_mid_answer(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("The first half", Gate(), " and the second."))
    person.ask("Tell me")
    person.sees("The first half")
    person.page.reload()
    person.sees("The first half")
    upstream.release()
    person.sees_status("complete")
    person.sees("The first half and the second.")
    streamed = person.body(person.answer).inner_html()
    person.page.reload()
    assert person.body(person.answer).inner_html() == streamed
    assert len(upstream.chats) == 1


def test_two_tabs_see_the_same(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One ", Gate("a"), "two ", Gate("b"), "three."), answer("Again."))
    person.ask("Count")
    person.sees("One")
    other = person.second_tab()
    other.sees("One")
    upstream.release("a")
    person.sees("One two")
    other.sees("One two")
    upstream.release("b")
    other.sees_status("complete")
    other.ask("Once more")
    person.sees("Again.")
    expect(person.questions).to_have_count(2)
    expect(other.questions).to_have_count(2)


def test_each_answer_says_that_it_streams(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."), answer("Two ", Gate(), "three."))
    person.ask("First")
    person.sees_status("complete")
    person.ask("Second")
    person.sees("Two")
    person.sees_status("streaming")
    upstream.release()
    person.sees_status("complete")


def test_stop_before_the_first_token(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(Gate(), "never"))
    person.ask("Wait")
    upstream.wait_gate()
    person.button("Stop").click()
    person.sees_status("stopped")
    upstream.wait_for(lambda up: up.chats[-1].hung_up)
    expect(person.body(person.answer)).to_be_empty()
    upstream.script(answer("Still here."))
    person.ask("And now?")
    person.sees("Still here.")


def test_stop_in_the_middle(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Kept text", Gate(), "never"))
    person.ask("Talk")
    person.sees("Kept text")
    person.button("Stop").click()
    person.sees_status("stopped")
    upstream.wait_for(lambda up: up.chats[-1].hung_up)
    expect(person.body(person.answer)).to_have_text("Kept text", use_inner_text=True)
    person.page.reload()
    expect(person.body(person.answer)).to_have_text("Kept text", use_inner_text=True)


def test_stop_from_another_tab(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")
    other = person.second_tab()
    other.sees("Going on")
    other.button("Stop").click()
    person.sees_status("stopped")
    other.sees_status("stopped")


def test_continue_goes_on_in_place(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Half a", reason="length"), answer(" sentence."))
    person.ask("Say it")
    person.sees_status("complete")
    person.button("Continue").click()
    person.sees("Half a sentence.")
    person.sees_status("complete")
    expect(person.page.locator("article")).to_have_count(2)


def test_regenerate_and_page_between_versions(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("First version."), answer("Second version."))
    person.ask("Twice")
    person.sees("First version.")
    person.sees_status("complete")
    person.button("Regenerate").click()
    person.sees("Second version.")
    person.sees_status("complete")
    expect(person.answer).to_contain_text("2 of 2")
    person.button("Previous version").click()
    person.sees("First version.")
    person.page.reload()
    person.sees("First version.")


def test_edit_asks_again_in_other_words(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("About cats."), answer("About dogs."))
    person.ask("Cats?")
    person.sees_status("complete")
    person.questions.last.hover()
    person.button("Edit").click()
    box = person.page.get_by_role("textbox", name="Edit message")
    expect(box).to_have_value("Cats?")
    box.fill("Dogs?")
    person.button("Send again").click()
    person.sees("About dogs.")
    expect(person.questions).to_have_count(1)
    expect(person.questions).to_contain_text("Dogs?")


def test_a_failed_answer_says_why_and_can_be_retried(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(status(401), answer("It works now."))
    person.ask("Try")
    person.sees_status("failed")
    expect(person.answer).to_contain_text("rejected this site's credentials")
    person.button("Retry").click()
    person.sees("It works now.")


def test_a_killed_server_leaves_the_text_and_says_so(
    person: Person, site: Site, upstream: UpstreamThread
) -> None:
    upstream.script(answer(LONG, Gate(), "never"))
    person.ask("Long")
    person.sees(LONG.strip())
    # Saved at most half a second later; the page cannot tell.
    person.page.wait_for_timeout(600)
    site.kill()
    expect(person.page.locator("#connection")).to_contain_text("Reconnecting")
    site.start()
    person.sees_status("interrupted", timeout=30_000)
    person.sees(LONG.strip())
    expect(person.page.locator("#connection")).to_be_hidden()


def test_deploy_lets_the_answer_finish(
    person: Person, site: Site, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Before ", Gate(), "after."))
    person.ask("Deploy")
    person.sees("Before")
    assert site.process is not None
    site.process.terminate()
    expect(person.page.locator("#connection")).to_contain_text("Reconnecting")
    upstream.release()
    site.process.wait(timeout=30)
    site.start()
    person.sees_status("complete", timeout=30_000)
    person.sees("Before after.")


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_runs_out_of_the_page(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    wide = "| " + " | ".join(["column"] * 30) + " |\n|" + "-|" * 30 + "\n\n`" + "x" * 400 + "`"
    upstream.script(answer(wide))
    person = new_person(viewport={"width": width, "height": 800})
    person.ask("y" * 500)
    person.sees_status("complete")
    inner = person.page.evaluate("document.documentElement.scrollWidth")
    assert inner <= width
