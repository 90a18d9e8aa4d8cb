"""One person, several tabs: what is done in one shows in the others."""

import pytest
from playwright.sync_api import expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def started(person: Person, upstream: UpstreamThread, *texts: str) -> Person:
    """A conversation with one answer; the other tab that shows it."""
    upstream.script(answer("About cats."), *(answer(text) for text in texts))
    person.ask("Cats?")
    person.sees_status("complete")
    other = person.second_tab()
    other.sees("About cats.")
    return other


def menu_of(person: Person, item: str) -> None:
    person.page.locator(".row").hover()
    person.page.locator(".row summary").click()
    person.button(item).click()


def test_a_rename_shows_in_the_heading_of_the_other_tab(
    person: Person, upstream: UpstreamThread
) -> None:
    other = started(person, upstream)
    menu_of(person, "Rename")
    person.page.get_by_role("textbox", name="Title").fill("Feline <i>matters</i>")
    person.button("Save").click()
    heading = other.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Feline <i>matters</i>")
    expect(other.page).to_have_title("Feline <i>matters</i>")


def test_model_and_sampling_show_in_the_other_tab(person: Person, upstream: UpstreamThread) -> None:
    other = started(person, upstream)
    # A list that was used here before follows too.
    for tab, model in ((other, "Llama 3 70B"), (person, "Mixtral 8x7B Instruct")):
        tab.page.locator("#model-settings > summary").click()
        tab.page.get_by_label("Model", exact=True).select_option(label=model)
        for seen in (person, other):
            expect(seen.page.locator("#model-label")).to_have_text(model)
        tab.page.keyboard.press("Escape")
    chosen = "(list) => list.selectedOptions[0].label"
    assert other.page.locator("#setting-model").evaluate(chosen) == "Mixtral 8x7B Instruct"
    person.page.locator("#model-settings > summary").click()
    person.page.get_by_text("Advanced").click()
    person.page.get_by_label("Temperature").fill("0.3")
    person.page.keyboard.press("Tab")
    expect(other.page.locator("#setting-temperature")).to_have_value("0.3")
    expect(person.page.get_by_label("Top p")).to_be_focused()


def test_thumbs_show_in_the_other_tab_and_leave_the_reason_alone(
    person: Person, upstream: UpstreamThread
) -> None:
    other = started(person, upstream)
    person.button("Good answer").click()
    expect(other.button("Good answer")).to_have_attribute("aria-pressed", "true")
    reason = person.page.get_by_label("What was good? (optional)")
    reason.fill("Short")
    person.button("Save reason").click()
    expect(reason).to_have_count(0)
    other.button("Bad answer").click()
    expect(person.button("Good answer")).to_have_attribute("aria-pressed", "false")
    expect(person.button("Bad answer")).to_have_attribute("aria-pressed", "true")


def test_an_edit_that_is_only_saved_waits_and_can_be_sent(
    person: Person, upstream: UpstreamThread
) -> None:
    other = started(person, upstream, "About dogs.")
    person.questions.last.hover()
    person.button("Edit").click()
    person.page.get_by_role("textbox", name="Edit message").fill("Dogs?")
    hides = (
        "“Save only” sends nothing. What follows this question is hidden then, and kept with its "
        "present version."
    )
    expect(person.page.get_by_text(hides)).to_be_visible()
    expect(person.button("Save only")).to_have_accessible_description(hides)
    person.button("Save only").click()
    for tab in (person, other):
        expect(tab.questions.locator(".message-body")).to_have_text("Dogs?")
        expect(tab.questions).to_contain_text("This version is saved but has not been sent.")
        expect(tab.questions).to_contain_text("What followed the other versions is kept there.")
        expect(tab.page.locator("article[data-role=assistant]")).to_have_count(0)
    assert len(upstream.chats) == 1
    # The earlier wording keeps its answer.
    person.button("Previous version").click()
    person.sees("About cats.")
    expect(other.questions.locator(".message-body")).to_have_text("Cats?")
    person.button("Next version").click()
    person.button("Send it now").click()
    for tab in (person, other):
        tab.sees("About dogs.")
        tab.sees_status("complete")
        expect(tab.questions).not_to_contain_text("has not been sent")
    assert upstream.chats[-1].body["messages"][-1]["content"].endswith("Dogs?")
    person.page.reload()
    person.sees("About dogs.")


def test_what_is_loaded_after_the_session_ended_offers_to_sign_in(
    person: Person, upstream: UpstreamThread
) -> None:
    started(person, upstream)
    address = person.page.url
    person.box.fill("Half a thought")
    person.page.context.clear_cookies(name="chat_session")
    person.answer.locator(".answer-menu > summary").click()
    person.button("About this answer").click()
    notice = person.page.locator("#composer-notice")
    expect(notice).to_contain_text("Your text is saved")
    expect(person.page.get_by_role("dialog")).to_have_count(0)
    person.sees("About cats.")
    expect(person.box).to_have_value("Half a thought")
    notice.get_by_role("link", name="Sign in").click()
    person.sign_in()
    person.page.wait_for_url(address)
    expect(person.box).to_have_value("Half a thought")


def test_a_paste_with_control_characters_is_sent(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Fine."))
    person.box.evaluate(
        "(box) => { box.value = 'a\\u0000b\\u001b[1mc';"
        " box.dispatchEvent(new Event('input', {bubbles: true})); }"
    )
    person.box.press("Enter")
    person.sees("Fine.")
    expect(person.questions.locator(".message-body")).to_have_text("ab[1mc")
