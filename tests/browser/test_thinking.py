"""The thoughts before an answer: folded, opened while they come, loaded when opened later."""

import re

import pytest
from playwright.sync_api import Locator, WebSocketRoute, expect

from tests.fake_llm import Frame, Gate, UpstreamThread, answer
from tests.support.person import Person
from tests.support.polling import eventually

pytestmark = pytest.mark.browser

THOUGHTS = "First <b>plan</b>:\n  6*7"


def thought(text: str) -> Frame:
    choice = {"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}
    return Frame({"choices": [choice]})


def details(person: Person) -> Locator:
    return person.answer.locator("details.thinking")


def label(person: Person) -> Locator:
    return details(person).locator("summary")


def thoughts(person: Person) -> Locator:
    return details(person).locator(".thoughts")


def test_folded_while_they_come_and_after(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(Gate("0"), thought(THOUGHTS), Gate("1"), "It is ", Gate("2"), "42."))
    person.ask("What is 6*7?")
    expect(details(person)).to_be_hidden()
    upstream.release("0")
    expect(label(person)).to_have_text("Thinking…")
    expect(thoughts(person)).to_be_hidden()
    upstream.release("1")
    person.sees("It is")
    expect(label(person)).to_have_text(re.compile("^Thought"))
    upstream.release("2")
    person.sees_status("complete")
    expect(thoughts(person)).to_be_hidden()
    expect(person.body(person.answer)).to_have_text("It is 42.")
    expect(person.page.locator("#live-region")).to_contain_text("It is 42.")
    expect(person.page.locator("#live-region")).not_to_contain_text("plan")


def test_opened_by_key_they_stay_open_to_the_end(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(
        answer(thought("One. "), Gate("1"), thought("Two."), Gate("2"), "Yes", Gate("3"), "!")
    )
    person.ask("Think")
    label(person).focus()
    person.page.keyboard.press("Enter")
    expect(thoughts(person)).to_have_text("One. ")
    upstream.release("1")
    expect(thoughts(person)).to_have_text("One. Two.")
    upstream.release("2")
    person.sees("Yes")
    upstream.release("3")
    person.sees_status("complete")
    expect(thoughts(person)).to_have_text("One. Two.")
    expect(label(person)).to_be_focused()
    person.page.keyboard.press("Enter")
    expect(thoughts(person)).to_be_hidden()
    person.page.keyboard.press("Enter")
    expect(thoughts(person)).to_have_text("One. Two.")


@pytest.mark.parametrize("when", ["live", "finished"])
def test_after_a_reload(person: Person, upstream: UpstreamThread, when: str) -> None:
    upstream.script(answer(thought(THOUGHTS), Gate("1"), "It is 42."))
    person.ask("What is 6*7?")
    expect(label(person)).to_have_text("Thinking…")
    if when == "finished":
        upstream.release("1")
        person.sees_status("complete")
    person.page.reload()
    label(person).click()
    expect(thoughts(person)).to_have_text(THOUGHTS, use_inner_text=True)
    expect(thoughts(person).locator("b, a")).to_have_count(0)
    if when == "live":
        upstream.release("1")
        person.sees_status("complete")
        expect(thoughts(person)).to_have_text(THOUGHTS, use_inner_text=True)


def test_thoughts_that_no_frame_brought_are_there(person: Person, upstream: UpstreamThread) -> None:
    """The page shows the answer before its first thought, and hears of it again when it is over."""
    is_away = True

    def connect(socket: WebSocketRoute) -> None:
        if is_away:
            socket.close(code=1012)
        else:
            socket.connect_to_server()

    person.page.route_web_socket("**/ws/**", connect)
    person.page.reload()
    upstream.script(answer(Gate(), thought(THOUGHTS), "It is 42."))
    person.ask("What is 6*7?")
    expect(person.answer).to_have_attribute("data-status", "pending")
    upstream.release()
    finished = re.compile('data-role="assistant"\\s+data-status="complete"')
    eventually(lambda: finished.search(person.page.request.get(person.page.url).text()))
    is_away = False
    person.page.evaluate("document.dispatchEvent(new Event('chat:reconnect'))")
    person.sees_status("complete")
    label(person).click()
    expect(thoughts(person)).to_have_text(THOUGHTS, use_inner_text=True)


def test_open_thoughts_of_which_frames_brought_a_part_are_completed(
    person: Person, upstream: UpstreamThread
) -> None:
    """The socket is away from the first thought until the answer is over."""
    sockets: list[WebSocketRoute] = []
    is_away = False

    def connect(socket: WebSocketRoute) -> None:
        if is_away:
            socket.close(code=1012)
            return
        sockets.append(socket)
        socket.connect_to_server()

    person.page.route_web_socket("**/ws/**", connect)
    person.page.reload()
    upstream.script(answer(thought("One. "), Gate(), thought("Two. "), thought("Three."), "42."))
    person.ask("Think")
    label(person).click()
    expect(thoughts(person)).to_have_text("One. ")
    is_away = True
    sockets[-1].close(code=1012)
    upstream.release()
    finished = re.compile('data-role="assistant"\\s+data-status="complete"')
    eventually(lambda: finished.search(person.page.request.get(person.page.url).text()))
    is_away = False
    person.page.evaluate("document.dispatchEvent(new Event('chat:reconnect'))")
    person.sees_status("complete")
    expect(thoughts(person)).to_have_text("One. Two. Three.")
    assert person.complaints == []


def test_a_retraction_moves_the_text(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("the *plan*\n\n", Gate("1"), "</think>\n\n", Gate("2"), "42"))
    person.ask("Think")
    person.sees("the plan")
    upstream.release("1")
    upstream.release("2")
    person.sees_status("complete")
    expect(person.body(person.answer)).to_have_text("42")
    label(person).click()
    expect(thoughts(person)).to_have_text("the *plan*")


def test_a_copy_has_the_answer_alone(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer(thought(THOUGHTS), "It is 42."))
    person.ask("What is 6*7?")
    person.sees_status("complete")
    label(person).click()
    expect(thoughts(person)).to_have_text(THOUGHTS, use_inner_text=True)
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.answer.get_by_role("button", name="Copy", exact=True).click()
    expect(person.page.locator("#live-region")).to_contain_text("Copied")
    assert person.page.evaluate("navigator.clipboard.readText()") == "It is 42."
