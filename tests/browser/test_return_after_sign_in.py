"""Who signs in again after the session has ended comes back to the page that they were on."""

import re

import pytest
from playwright.sync_api import expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser


def end_session(person: Person) -> None:
    person.page.context.clear_cookies(name="chat_session")


def open_conversation(person: Person, upstream: UpstreamThread) -> str:
    upstream.script(answer("Alpha."))
    person.ask("First")
    person.sees("Alpha.")
    person.sees_status("complete")
    return person.page.url


def test_from_the_notice_with_the_text(person: Person, upstream: UpstreamThread) -> None:
    address = open_conversation(person, upstream)
    end_session(person)
    person.ask("Second")
    person.page.locator("#composer-notice").get_by_role("link", name="Sign in").click()
    person.sign_in()
    person.page.wait_for_url(address)
    expect(person.box).to_have_value("Second")


def test_from_search_results(person: Person, upstream: UpstreamThread) -> None:
    open_conversation(person, upstream)
    person.page.goto(f"{person.site}/search/?q=alpha")
    address = person.page.url
    end_session(person)
    person.ask("Second")
    person.page.locator("#composer-notice").get_by_role("link", name="Sign in").click()
    person.sign_in()
    person.page.wait_for_url(address)


def test_in_a_tab_that_the_middle_button_opened(person: Person, upstream: UpstreamThread) -> None:
    address = open_conversation(person, upstream)
    end_session(person)
    person.ask("Second")
    link = person.page.locator("#composer-notice").get_by_role("link", name="Sign in")
    with person.page.context.expect_page() as opened:
        link.click(button="middle")
    tab = Person(opened.value, person.site, person.email)
    tab.sign_in()
    tab.page.wait_for_url(address)
    expect(tab.body(tab.answer)).to_contain_text("Alpha.")


def test_by_a_plain_form(person: Person, upstream: UpstreamThread) -> None:
    """Before the scripts have run, or without them."""
    address = open_conversation(person, upstream)
    end_session(person)
    person.page.evaluate(
        """() => { document.querySelector("#composer-text").value = "Second";
        HTMLFormElement.prototype.submit.call(document.querySelector("#composer")); }"""
    )
    expect(person.page.get_by_label("Your text")).to_have_value(re.compile("Second"))
    person.page.get_by_role("link", name="Sign in").click()
    person.sign_in()
    person.page.wait_for_url(address)
