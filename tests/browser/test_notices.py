"""A notice that describes a state goes with the state."""

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

NOTICE = '<div class="notice notice-error" data-code="{}"><p>Limited.</p></div>'


def notice(person: Person) -> Locator:
    return person.page.locator("#composer-notice")


def talk(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."))
    person.ask("Begin")
    person.sees_status("complete")


def refuse_next(person: Person, code: str, seconds: int) -> None:
    """Refuse the next question as the server does."""
    headers = {
        "Content-Type": "text/html",
        "HX-Retarget": "#composer-notice",
        "HX-Reswap": "innerHTML",
        "Retry-After": str(seconds),
    }
    person.page.route(
        "**/send/",
        lambda route: route.fulfill(status=429, headers=headers, body=NOTICE.format(code)),
        times=1,
    )


@pytest.mark.parametrize("is_socket", [True, False])
def test_the_server_can_be_reached_again(
    person: Person, upstream: UpstreamThread, is_socket: bool
) -> None:
    talk(person, upstream)
    person.page.route("**/send/", lambda route: route.abort(), times=1)
    person.ask("Lost?")
    expect(notice(person)).to_contain_text("can't be reached")
    expect(person.box).to_have_value("Lost?")
    if is_socket:
        person.page.evaluate("document.dispatchEvent(new CustomEvent('chat:reconnect'))")
    else:
        person.button("Good answer").click()
    expect(notice(person)).to_be_empty()
    expect(person.box).to_have_value("Lost?")


def test_a_limit_ends_after_the_time_that_the_server_named(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream)
    refuse_next(person, "too_fast", seconds=1)
    person.ask("Again")
    expect(notice(person)).to_contain_text("Limited.")
    expect(notice(person)).to_be_empty()


def test_too_many_answers_are_one_less(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream)
    address = person.page.url
    upstream.script(answer("Slow ", Gate(), "answer."))
    person.page.goto(f"{person.site}/")
    person.ask("Other")
    person.sees("Slow")
    person.page.goto(address)
    expect(person.page.locator(".row[data-answering]")).to_have_count(1)
    refuse_next(person, "too_many_answers", seconds=1)
    person.ask("Again")
    expect(notice(person)).to_contain_text("Limited.")
    upstream.release()
    expect(notice(person)).to_be_empty()


def test_signing_in_again_elsewhere(person: Person, upstream: UpstreamThread) -> None:
    talk(person, upstream)
    person.page.context.clear_cookies(name="chat_session")
    person.ask("Signed out?")
    expect(notice(person)).to_contain_text("You are signed out.")
    page = person.page.context.new_page()
    page.goto(f"{person.site}/accounts/login/")
    other = Person(page, person.site, person.email)
    other.sign_in()
    page.wait_for_url(f"{person.site}/")
    person.page.bring_to_front()
    person.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(notice(person)).to_be_empty()
    expect(person.box).to_have_value("Signed out?")


def test_the_searched_version_is_shown_by_other_means(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream)
    upstream.script(answer("Two."))
    first = person.answer.get_attribute("data-message-id")
    person.button("Regenerate").click()
    person.sees("Two.")
    person.sees_status("complete")
    person.page.goto(f"{person.page.url}?m={first}")
    told = person.page.get_by_text("is in another version of this conversation")
    expect(told).to_be_visible()
    person.button("Previous version").click()
    person.sees("One.")
    expect(told).to_have_count(0)
