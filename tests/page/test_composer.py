"""The composer keeps what is typed: across tabs, devices, and everything that can go wrong."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.person import Person
from tests.upstream import Gate, UpstreamThread, answer

pytestmark = pytest.mark.browser


def type_draft(person: Person, text: str) -> None:
    with person.page.expect_response("**/draft/") as saved:
        person.box.fill(text)
    assert saved.value.status == 204


def other_device(new_person: Callable[..., Person], person: Person) -> Person:
    """The same person in a browser of their own."""
    other = new_person()
    other.sign_out()
    other.email = person.email
    other.sign_in()
    other.page.wait_for_url(f"{person.site}/")
    return other


def test_a_draft_waits_on_another_device(person: Person, new_person: Callable[..., Person]) -> None:
    type_draft(person, "Half a thought\nin two lines")
    other = other_device(new_person, person)
    expect(other.box).to_have_value("Half a thought\nin two lines")
    with other.page.expect_response("**/draft/"):
        other.box.fill("A whole thought")
    person.page.reload()
    expect(person.box).to_have_value("A whole thought")


def test_a_sent_draft_is_gone_everywhere(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."), answer("Again."))
    type_draft(person, "First")
    person.box.press("Enter")
    person.sees_status("complete")
    type_draft(person, "Second")
    person.page.reload()
    expect(person.box).to_have_value("Second")
    person.box.press("Enter")
    person.sees("Again.")
    person.page.reload()
    expect(person.box).to_have_value("")
    person.page.goto(person.site)
    expect(person.box).to_have_value("")


def test_a_draft_that_the_server_never_got_is_newer(person: Person) -> None:
    type_draft(person, "Saved")
    person.page.route("**/draft/", lambda route: route.abort())
    with person.page.expect_event("requestfailed"):
        person.box.fill("Typed in a tunnel")
    person.page.unroute("**/draft/")
    person.page.reload()
    expect(person.box).to_have_value("Typed in a tunnel")


def test_no_failure_loses_text(person: Person) -> None:
    page = "<!doctype html><title>x</title><h1>proxy</h1>"
    answers: list[int] = []

    def fail(route: Route) -> None:
        if answers[-1]:
            route.fulfill(status=answers[-1], body=page, content_type="text/html")
        else:
            route.abort()

    person.page.route("**/c/", fail)
    notice = person.page.locator("#composer-notice")
    for status in (0, 403, 413, 500, 502):
        answers.append(status)
        person.ask(f"Precious words {status}")
        expect(notice).to_contain_text("Your text is kept")
        expect(person.box).to_have_value(f"Precious words {status}")
        expect(person.page.get_by_role("heading", name="proxy")).to_have_count(0)
        expect(person.button("Send")).to_be_visible()
        person.page.evaluate("document.querySelector('#composer-notice').replaceChildren()")


def test_sending_again_after_the_network_came_back(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Hello."))
    person.page.route("**/c/", lambda route: route.abort())
    person.ask("Hello?")
    expect(person.page.locator("#composer-notice")).to_contain_text("cannot be reached")
    person.page.unroute("**/c/")
    person.box.press("Enter")
    person.sees("Hello.")
    expect(person.page.locator("#composer-notice")).to_be_empty()
    expect(person.questions).to_have_count(1)


def test_too_long_is_said_and_not_sent(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.box.fill("x" * 31_900)
    expect(person.page.locator("#composer-count")).to_have_text("Characters left: 100.")
    person.box.fill("😀" * 32_001)
    expect(person.page.locator("#composer-count")).to_have_text("Characters too many: 1.")
    person.box.press("Enter")
    expect(person.page.locator("#spoken")).to_contain_text("Characters too many: 1.")
    assert not [url for url in asked if url.endswith("/c/")]
    expect(person.box).not_to_have_value("")


def test_enter_in_a_composition_sends_nothing(person: Person) -> None:
    person.box.fill("にほん")
    person.page.evaluate(
        """() => document.querySelector("#composer-text").dispatchEvent(
            new KeyboardEvent("keydown", {key: "Enter", isComposing: true, bubbles: true}))"""
    )
    person.box.press("Shift+Enter")
    expect(person.box).to_have_value("にほん\n")
    assert person.page.url == f"{person.site}/"


def test_up_edits_the_last_question_and_esc_gives_it_back(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask("First wording")
    person.sees_status("complete")
    person.box.press("ArrowUp")
    editor = person.page.get_by_role("textbox", name="Edit message")
    expect(editor).to_be_focused()
    expect(editor).to_have_value("First wording")
    editor.press("Escape")
    expect(editor).to_have_count(0)
    person.box.focus()
    person.box.press("ArrowUp")
    editor.fill("Second wording")
    editor.press("Control+Enter")
    person.sees("Two.")
    expect(person.body(person.questions)).to_have_text("Second wording")


def test_esc_stops_the_answer_and_focus_stays(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")
    expect(person.box).to_be_focused()
    person.box.press("Escape")
    person.sees_status("stopped")
    expect(person.box).to_be_focused()
    person.box.press("Escape")
    expect(person.page.locator("#main")).to_be_focused()


def test_stop_by_its_button_does_not_lose_focus(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")
    person.button("Stop").press("Enter")
    person.sees_status("stopped")
    expect(person.box).to_be_focused()


def test_a_suggestion_fills_and_sends(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Recursion is recursion."))
    suggested = person.page.get_by_role("list", name="Suggested questions").get_by_role("button")
    text = suggested.first.inner_text()
    suggested.first.click()
    person.sees("Recursion is recursion.")
    expect(person.body(person.questions)).to_have_text(text)
