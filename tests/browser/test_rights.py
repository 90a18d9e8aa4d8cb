"""What an open page says when the right to it ends, in the browser."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.failure_injection.ended import administer
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import PASSWORD, Person
from tests.support.rows import Rows
from tests.support.site import Site

pytestmark = pytest.mark.browser

NEW_PASSWORD = "better battery 7"


@pytest.fixture
def rows(site: Site) -> Rows:
    return Rows(site.values["DATABASE_URL"])


def is_asking(person: Person, upstream: UpstreamThread) -> str:
    """An answer stands in mid-sentence on the page; the name of the gate that it waits at."""
    mark = uuid4().hex
    upstream.script(answer("Light ", Gate(mark), "scatters."))
    person.ask("Why?")
    person.sees("Light")
    person.sees_status("streaming")
    return mark


def shows_the_end(person: Person, sentence: str, *, sign_in: bool) -> None:
    """The page says why, offers what helps, and no longer claims that an answer is written."""
    notice = person.page.locator("#page-notice")
    expect(notice).to_contain_text(sentence)
    expect(notice.get_by_role("link", name="Sign in")).to_have_count(int(sign_in))
    expect(person.answer).to_have_attribute("data-status", re.compile("interrupted|stopped"))
    person.sees("Light")
    expect(person.button("Stop")).to_be_hidden()
    expect(person.page.locator(".row[data-answering]")).to_have_count(0)
    expect(person.page.locator("#connection")).to_contain_text("no longer updates")


def account(person: Person, rows: Rows) -> str:
    return str(rows.one("SELECT id FROM accounts_user WHERE email = %s", person.email)["id"])


WAYS: list[tuple[str, dict[str, str], str, bool]] = [
    ("change", {}, "This account is disabled. Contact your administrator.", False),
    ("delete", {"post": "yes"}, "This account and its conversations were deleted.", False),
    (
        "password",
        {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD, "usable_password": "true"},
        "The password for this account was changed. Sign in to continue. Your text is saved.",
        True,
    ),
]


@pytest.mark.parametrize(
    ("what", "fields", "sentence", "sign_in"), WAYS, ids=["off", "gone", "new"]
)
def test_the_page_says_what_an_administrator_did(
    site: Site,
    person: Person,
    upstream: UpstreamThread,
    rows: Rows,
    what: str,
    fields: dict[str, str],
    sentence: str,
    sign_in: bool,
) -> None:
    is_asking(person, upstream)
    if what == "change":
        fields = {"email": person.email}
    administer(site, rows, f"/admin/accounts/user/{account(person, rows)}/{what}/", **fields)
    shows_the_end(person, sentence, sign_in=sign_in)


def test_signing_out_in_one_tab_is_told_in_the_other(
    person: Person, upstream: UpstreamThread
) -> None:
    is_asking(person, upstream)
    other = person.second_tab()
    other.sees("Light")
    other.sign_out()
    shows_the_end(person, "You are signed out.", sign_in=True)


def sign_in_elsewhere(other: Person, email: str) -> None:
    """In a tab that shows the page for signing in."""
    person = Person(other.page, other.site, email)
    person.sign_in()
    other.page.wait_for_url(lambda url: "/accounts/" not in url)


def test_after_signing_in_again_in_another_tab_the_page_goes_on(
    person: Person, upstream: UpstreamThread
) -> None:
    """Without a reload: what was typed stays, and what happened meanwhile is there."""
    mark = is_asking(person, upstream)
    person.page.evaluate("window.isSamePage = true")
    person.box.fill("And then?")
    other = person.second_tab()
    other.sees("Light")
    other.sign_out()
    shows_the_end(person, "You are signed out.", sign_in=True)
    upstream.release(mark)
    sign_in_elsewhere(other, person.email)
    person.sees("Light scatters.")
    person.sees_status("complete")
    expect(person.page.locator("#page-notice")).to_be_empty()
    expect(person.page.locator("#connection")).to_be_hidden()
    expect(person.box).to_have_value("And then?")
    upstream.script(answer("Alpha."))
    person.box.press("Enter")
    person.sees("Alpha.")
    person.sees_status("complete")
    assert person.page.evaluate("window.isSamePage")


def test_an_answer_that_still_runs_goes_on_after_signing_in_again(
    person: Person, upstream: UpstreamThread
) -> None:
    mark = is_asking(person, upstream)
    other = person.second_tab()
    other.sees("Light")
    other.sign_out()
    shows_the_end(person, "You are signed out.", sign_in=True)
    sign_in_elsewhere(other, person.email)
    person.sees_status("streaming")
    upstream.release(mark)
    person.sees("Light scatters.")
    person.sees_status("complete")


def test_a_page_does_not_go_on_for_somebody_else(
    person: Person, new_person: Callable[..., Person], upstream: UpstreamThread
) -> None:
    """Also a page without a conversation, which would show their sidebar."""
    stranger = new_person()
    upstream.script(answer("Not yours."))
    stranger.ask("Private")
    stranger.sees_status("complete")
    other = person.second_tab()
    other.sign_out()
    expect(person.page.locator("#page-notice")).to_contain_text("You are signed out.")
    sign_in_elsewhere(other, stranger.email)
    notice = person.page.locator("#page-notice")
    expect(notice).to_contain_text("Another account is signed in now.")
    expect(notice.get_by_role("link", name="Sign in")).to_have_count(0)
    expect(person.page.locator("#connection")).to_contain_text("no longer updates")
    expect(person.page.locator("#sidebar-list .row")).to_have_count(0)


def test_after_the_own_change_of_password_the_other_tab_goes_on(
    site: Site, person: Person, upstream: UpstreamThread
) -> None:
    mark = is_asking(person, upstream)
    other = person.second_tab()
    other.page.goto(f"{site.url}/accounts/password/change/")
    other.page.get_by_label("Current password").fill(PASSWORD)
    other.page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    other.page.get_by_label("Confirm new password").fill(NEW_PASSWORD)
    with person.page.expect_websocket() as renewed:
        other.page.locator("main form button[type=submit], form button[type=submit]").last.click()
    assert "again=1" in renewed.value.url
    upstream.release(mark)
    person.sees("Light scatters.")
    person.sees_status("complete")
    expect(person.page.locator("#page-notice")).to_be_empty()
