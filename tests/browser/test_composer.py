"""The composer keeps what is typed: across tabs, devices, and everything that can go wrong."""

import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from playwright.sync_api import Route, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

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
        expect(notice).to_contain_text("Your text is still here")
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
    expect(person.page.locator("#composer-notice")).to_contain_text("can't be reached")
    person.page.unroute("**/c/")
    person.box.press("Enter")
    person.sees("Hello.")
    expect(person.page.locator("#composer-notice")).to_be_empty()
    expect(person.questions).to_have_count(1)


def test_too_long_is_said_and_not_sent(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.box.fill("x" * 31_900)
    expect(person.page.locator("#composer-count")).to_have_text("100 characters left.")
    person.box.fill("😀" * 32_001)
    expect(person.page.locator("#composer-count")).to_have_text("1 character over the limit.")
    person.box.press("Enter")
    expect(person.page.locator("#live-region")).to_contain_text("1 character over the limit.")
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
    expect(person.page.locator("[data-scroller]")).to_be_focused()


def test_an_answer_to_a_command_takes_nothing_back(
    person: Person, upstream: UpstreamThread
) -> None:
    """It was made before the end that the socket has brought in the meantime."""
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")

    def late(route: Route) -> None:
        headers = {k: v for k, v in route.request.headers.items() if k != "chat-socket"}
        response = route.fetch(headers=headers)
        person.sees_status("stopped")
        version = person.page.locator("#thread-version").get_attribute("value") or ""
        old = re.sub(
            r'(id="thread-version" value)="\d+"', rf'\1="{int(version) - 1}"', response.text()
        )
        assert 'id="thread-version"' in old
        route.fulfill(response=response, body=old.replace('"stopped"', '"streaming"'))

    person.page.route("**/stop/", late)
    person.page.evaluate(
        """() => document.addEventListener("htmx:finally:request", ({ detail }) => {
            window.ended ||= detail.ctx.request.action.endsWith("/stop/");
        })"""
    )
    person.button("Stop").click()
    person.page.wait_for_function("() => window.ended")
    person.sees_status("stopped")


def test_stop_by_its_button_does_not_lose_focus(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees("Going on")
    person.button("Stop").press("Enter")
    person.sees_status("stopped")
    expect(person.box).to_be_focused()


def hold(person: Person, pattern: str) -> Callable[[], None]:
    """Posts that match wait for the network until the returned function is called."""
    held: list[Route] = []
    person.page.route(pattern, lambda route: held.append(route))

    def go() -> None:
        while not held:
            person.page.wait_for_timeout(20)
        held.pop().continue_()
        person.page.unroute(pattern)

    return go


def test_what_is_typed_while_the_first_question_is_on_its_way_goes_on(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("A language."))
    go = hold(person, "**/c/")
    person.ask("What is Rust?")
    person.box.press_sequentially(" Also Go")
    go()
    person.sees("A language.")
    expect(person.body(person.questions)).to_have_text("What is Rust?")
    expect(person.box).to_have_value("Also Go")
    expect(person.box).to_be_focused()
    with person.page.expect_response("**/draft/"):
        person.page.keyboard.type("?")
    expect(person.box).to_have_value("Also Go?")
    person.page.reload()
    expect(person.box).to_have_value("Also Go?")
    person.page.goto(person.site)
    expect(person.box).to_have_value("")


def test_what_is_typed_while_a_question_is_on_its_way_stays(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."), answer("Three."))
    person.ask("First?")
    person.sees("One.")
    person.sees_status("complete")
    go = hold(person, "**/send/")
    person.ask("Second?")
    person.box.press_sequentially(" Third")
    go()
    person.sees("Two.")
    expect(person.box).to_have_value("Third")
    person.page.keyboard.type("!")
    person.sees_status("complete")
    person.box.press("Enter")
    person.sees("Three.")
    expect(person.body(person.questions)).to_have_text(["First?", "Second?", "Third!"])
    expect(person.box).to_have_value("")


def test_what_is_written_anew_while_a_question_is_on_its_way_stays_whole(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask("First?")
    person.sees_status("complete")
    go = hold(person, "**/send/")
    person.ask("Hi")
    person.box.press("Control+a")
    person.box.press_sequentially("History")
    go()
    person.sees("Two.")
    expect(person.box).to_have_value("History")


def test_other_words_than_those_whose_answer_was_lost_are_another_question(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."), answer("Three."))
    person.ask("First?")
    person.sees_status("complete")

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    person.page.route("**/send/", lose)
    person.ask("Second?")
    person.sees("Two.")
    person.sees_status("complete")
    person.page.unroute("**/send/")
    expect(person.box).to_have_value("Second?")
    person.ask("Second, third?")
    person.sees("Three.")
    expect(person.body(person.questions).last).to_have_text("Second, third?")


@pytest.mark.parametrize("place", ["new chat", "conversation"])
@pytest.mark.parametrize("first", ["sent", "kept"])
def test_sending_in_one_tab_keeps_the_draft_of_another(
    person: Person, upstream: UpstreamThread, place: str, first: str
) -> None:
    upstream.script(answer("One."), answer("Two."))
    if place == "conversation":
        person.ask("First?")
        person.sees_status("complete")
    other = person.second_tab()
    drafts = {person: "Short", other: "A longer text"}
    for tab in (person, other) if first == "sent" else (other, person):
        type_draft(tab, drafts[tab])
    with ExitStack() as stack:
        if first == "kept":  # then it is told that its place is free again
            stack.enter_context(other.page.expect_response("**/draft/"))
        stack.enter_context(person.page.expect_response(lambda got: got.request.method == "POST"))
        person.box.press("Enter")
    expect(person.box).to_have_value("")
    other.page.evaluate("localStorage.clear()")
    other.page.reload()
    expect(other.box).to_have_value("A longer text")


@pytest.mark.parametrize("place", ["new chat", "conversation"])
@pytest.mark.parametrize("sender", ["first", "second"])
def test_a_draft_that_is_sent_leaves_the_other_tab_that_shows_it(
    person: Person, upstream: UpstreamThread, place: str, sender: str
) -> None:
    upstream.script(answer("One."), answer("Two."))
    if place == "conversation":
        person.ask("First?")
        person.sees_status("complete")
    type_draft(person, "Shown in both")
    tabs = [person, person.second_tab()]
    expect(tabs[1].box).to_have_value("Shown in both")
    sending, other = tabs if sender == "first" else reversed(tabs)
    sending.box.press("Enter")
    expect(other.box).to_have_value("")
    expect(other.page.locator("#composer")).not_to_have_class(re.compile("ready"))
    other.page.reload()
    expect(other.box).to_have_value("")


def test_a_draft_that_went_on_in_another_tab_stays_there(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."))
    type_draft(person, "Half")
    other = person.second_tab()
    type_draft(other, "Half and the rest")
    person.box.press("Enter")
    person.sees("One.")
    expect(other.box).to_have_value("Half and the rest")


def test_the_same_text_that_was_typed_in_two_tabs_stays_in_the_other(
    person: Person, upstream: UpstreamThread
) -> None:
    """As for a comparison of two models."""
    upstream.script(answer("One."), answer("Two."))
    other = person.second_tab()
    for tab in (person, other):
        type_draft(tab, "The same")
    person.box.press("Enter")
    person.sees("One.")
    expect(other.box).to_have_value("The same")


def test_a_draft_that_was_opened_and_went_on_is_gone_when_it_is_sent(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."))
    type_draft(person, "Half")
    person.page.reload()
    person.ask("Half and the rest")  # sooner than the draft would be saved
    person.sees("Yes.")
    person.page.goto(person.site)
    expect(person.box).to_have_value("")


def test_a_tab_that_is_emptied_keeps_the_draft_of_another(person: Person) -> None:
    other = person.second_tab()
    type_draft(person, "Mine")
    type_draft(other, "The other's")
    type_draft(person, "")
    other.page.evaluate("localStorage.clear()")
    other.page.reload()
    expect(other.box).to_have_value("The other's")


def test_enter_on_a_touch_screen_is_a_new_line(
    new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    upstream.script(answer("Yes."), answer("Again."))
    person = new_person(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    person.ask("One")
    person.page.keyboard.type("Two")
    expect(person.box).to_have_value("One\nTwo")
    person.button("Send").click()
    person.sees("Yes.")
    person.sees_status("complete")
    person.box.fill("With a keyboard")
    person.box.press("Control+Enter")
    person.sees("Again.")


def test_esc_stops_the_answer_while_a_message_is_edited_elsewhere(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Going on", Gate(), "never"))
    person.ask("Talk")
    person.sees_status("complete")
    person.button("Edit").click()
    editor = person.page.get_by_role("textbox", name="Edit message")
    editor.fill("Half an edit")
    person.ask("Go on")
    person.sees("Going on")
    person.box.press("Escape")
    person.sees_status("stopped")
    expect(editor).to_have_value("Half an edit")
    editor.press("Escape")
    expect(editor).to_have_count(0)


def test_the_notice_of_an_answer_that_is_being_written_goes_with_it(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("Going on", Gate("busy"), "and done."))
    person.ask("Talk")
    person.sees("Going on")
    with person.page.expect_response("**/draft/"):  # what is refused is kept
        person.ask("Too soon")
    notice = person.page.locator("#composer-notice")
    expect(notice).to_contain_text("An answer is still being written.")
    upstream.release("busy")
    person.sees_status("complete")
    expect(notice).to_be_empty()
    expect(person.box).to_have_value("Too soon")


def test_an_empty_message_is_not_sent(person: Person) -> None:
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.box.fill("  ")
    person.button("Send").click()
    expect(person.box).to_be_focused()
    assert not [url for url in asked if url.endswith("/c/")]


def test_a_suggestion_takes_no_draft_away(person: Person) -> None:
    suggested = person.page.get_by_role("list", name="Suggested questions").get_by_role("button")
    person.box.fill("My own question")
    expect(suggested).to_have_count(0)
    person.page.locator("[data-suggest]").first.dispatch_event("click")
    expect(person.box).to_have_value("My own question")
    assert person.page.url == f"{person.site}/"
    person.box.fill("")
    expect(suggested.first).to_be_visible()


def test_a_long_word_in_a_suggestion_stays_on_a_small_screen(
    new_person: Callable[..., Person],
) -> None:
    page = new_person(viewport={"width": 320, "height": 640}).page
    page.locator("[data-suggest]").first.evaluate("node => node.textContent = 'x'.repeat(200)")
    wide = "node => node.scrollWidth - node.clientWidth"
    assert page.locator("[data-scroller]").evaluate(wide) == 0
    assert page.locator("html").evaluate(wide) == 0


def test_a_suggestion_fills_and_sends(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Recursion is recursion."))
    suggested = person.page.get_by_role("list", name="Suggested questions").get_by_role("button")
    text = suggested.first.inner_text()
    suggested.first.click()
    person.sees("Recursion is recursion.")
    expect(person.body(person.questions)).to_have_text(text)
