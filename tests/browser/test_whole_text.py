"""What a person types or pastes is kept whole: prompts, titles, indentation, the last character."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

INDENTED = "    if x:\n        return 1\n    return 2"
ADMIN = """
from accounts.models import User
User.objects.filter(email={email!r}).update(is_staff=True, is_superuser=True)
"""
POST = """async (text) => {
  const fields = { client_id: chat.createId(), text, draft: "" };
  const response = await chat.post("/c/", fields);
  return { status: response.status, text: await response.text() };
}"""


def test_a_pasted_prompt_is_not_cut(person: Person, site: Site) -> None:
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    page = person.page
    page.goto(f"{site.url}/admin/chat/systemprompt/")
    page.locator("#result_list .field-name a").first.click()
    box = page.locator("#id_text")
    before, text = box.input_value(), "word " * 9_997 + "END-OF-PROMPT"
    box.fill("")
    page.keyboard.insert_text(text)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist").last).to_contain_text("20000 characters (it has 49998)")
    expect(box).to_have_value(text)
    fits = ("x" * 65 + "\n") * 300
    box.fill(fits)
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist")).to_contain_text("was saved")
    expect(box).to_have_value(fits)
    box.fill(before)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_be_visible()


def test_the_first_line_keeps_its_indentation_everywhere(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask(INDENTED)
    person.sees("One.")
    person.sees_status("complete")
    for _ in range(2):
        assert person.body(person.questions.last).text_content() == INDENTED
        person.page.reload()
    expect(person.page.locator("#conversation-title")).to_have_text("if x:")
    assert sent(upstream) == INDENTED
    person.button("Edit").click()
    box = person.page.locator(".edit-form textarea")
    expect(box).to_have_value(INDENTED)
    other = INDENTED.replace("x", "y")
    box.fill(f"\n{other}\n")
    box.press("Control+Enter")
    person.sees("Two.")
    person.sees_status("complete")
    assert person.body(person.questions.last).text_content() == other
    assert sent(upstream) == other
    person.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    person.questions.last.get_by_role("button", name="Copy").click()
    person.page.wait_for_function(
        "async (text) => await navigator.clipboard.readText() === text", arg=other
    )


def sent(upstream: UpstreamThread) -> Any:
    return upstream.requests[-1].body["messages"][-1]["content"]


def test_an_indented_draft_is_there_again(person: Person) -> None:
    with person.page.expect_response(lambda response: response.url.endswith("/draft/")):
        person.box.fill(INDENTED)
    person.page.reload()
    expect(person.box).to_have_value(INDENTED)


@pytest.mark.parametrize("text", ["😀\n", "a\r\n", "\u00e9", "\x01ab", "\u2028"])
def test_browser_and_server_count_alike(person: Person, text: str) -> None:
    """To the last character, with signs that the server leaves out or joins."""
    for size in (32_000, 32_001):
        typed = (" \n" + text * 32_001)[: 2 * size] + "\u00a0x \n"
        counted = person.page.evaluate("(text) => [...chat.cleanMessage(text)].length", typed)
        sent = person.page.evaluate(POST, typed)
        fits = counted <= 32_000
        assert sent["status"] == (200 if fits else 413), (size, counted)
        assert fits or f"{counted} characters, and the limit is" in sent["text"]


def test_a_long_title_is_refused_in_its_dialog(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."))
    person.ask("Short")
    person.sees_status("complete")
    # The line of the sidebar is exchanged at the end of the answer, with its menu.
    expect(person.page.locator(".row[data-answering]")).to_have_count(0)
    person.page.locator(".row-menu > summary").click()
    person.button("Rename").click()
    box = person.page.get_by_label("Title")
    box.fill("")
    person.page.keyboard.insert_text("t" * 250)
    person.page.keyboard.press("Enter")
    dialog = person.page.get_by_role("dialog")
    expect(dialog).to_contain_text("250 characters, and the limit is 200")
    expect(box).to_have_value("t" * 250)
