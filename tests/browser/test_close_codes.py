"""What a page does after each close code: it connects again, or says what to do."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.proxied import proxied_site, proxy, site
from tests.browser.proxy import Proxy
from tests.support.person import Person
from tests.test_docs import close_codes

__all__ = ["proxied_site", "proxy", "site"]
pytestmark = pytest.mark.browser

UNKNOWN = [2999, 3001, 3008, 3999, 4002, 4003, 4402, 4408, 4999]
REFUSED_HANDSHAKES = [403, 404, 429, 503]
CODES = sorted({*range(1000, 1016), *UNKNOWN, *map(int, close_codes())})
# From here on the page has been shown again, so that it begins anew with its attempts.
CONNECT = """() => { dispatchEvent(new Event("online"));
  document.dispatchEvent(new Event("chat:reconnect")); }"""


def line(person: Person) -> Locator:
    return person.page.locator("#connection")


def is_final(code: int) -> bool:
    return not close_codes().get(str(code), "connects again").startswith("connects again")


def test_each_code_ends_in_a_socket_or_in_words(person: Person, proxy: Proxy) -> None:
    for code in CODES:
        proxy.refusal = code
        before = proxy.handshakes
        person.page.evaluate(CONNECT)
        if is_final(code):
            expect(line(person).get_by_role("button", name="Reload")).to_be_visible()
        else:
            expect_handshakes(person, proxy, before + 2)
        proxy.refusal = None
        person.page.evaluate(CONNECT)
        expect(line(person)).to_be_hidden()


def expect_handshakes(person: Person, proxy: Proxy, number: int) -> None:
    person.page.wait_for_event("websocket", lambda _: proxy.handshakes >= number)


@pytest.mark.parametrize("status", REFUSED_HANDSHAKES)
def test_a_refused_handshake_is_tried_again_and_said(
    person: Person, proxy: Proxy, status: int
) -> None:
    proxy.refusal = status
    person.page.clock.install()
    person.page.reload()
    before = proxy.handshakes
    expect(line(person)).to_be_hidden()
    wait_for(person, "Reconnecting…")
    wait_for(person, "No connection.Trying again in")
    assert proxy.handshakes > before + 5
    expect(person.button("Reload")).to_be_visible()
    proxy.refusal = None
    # At once: the page may connect by itself, and the button goes then.
    person.button("Try now").evaluate("(button) => button.click()")
    # Chromium delays each handshake by up to five seconds after so many failed ones.
    expect(line(person)).to_be_hidden(timeout=20_000)


def wait_for(person: Person, text: str) -> None:
    """Let the page's clock run until this is said."""
    for _ in range(300):
        if (line(person).text_content() or "").startswith(text):
            return
        person.page.clock.run_for(500)
    raise AssertionError(line(person).text_content())


def test_a_final_code_stays_closed_until_the_page_is_loaded_again(
    person: Person, proxy: Proxy
) -> None:
    proxy.refusal = 1008
    person.page.clock.install()
    person.page.reload()
    expect(line(person)).to_contain_text("The server refused the connection.")
    before = proxy.handshakes
    person.page.clock.run_for(120_000)
    person.page.evaluate("dispatchEvent(new Event('online'))")
    assert proxy.handshakes == before
    proxy.refusal = None
    person.box.fill("Typed before")
    person.button("Reload").click()
    person.page.wait_for_load_state()
    expect(line(person)).to_be_hidden()
    expect(person.box).to_have_value("Typed before")
