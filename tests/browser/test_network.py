"""A network that goes away without a word: the page notices, and goes on when it is back.

`pytest tests/browser/test_network.py -s` prints how long it took.
"""

import time
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.proxied import proxied_site, proxy, site
from tests.browser.proxy import Proxy
from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person
from tests.support.polling import eventually

__all__ = ["proxied_site", "proxy", "site"]
pytestmark = pytest.mark.browser

AWAY_SECONDS = 15
BACK_MS = 5_000
AT_ONCE_MS = 1_000
COUNT_PONGS = """() => { window.pongs = 0;
  document.addEventListener("htmx:ws:before:message:incoming", ({ detail }) => {
    window.pongs += detail.message.data.startsWith('{"pong"');
  }); }"""
# Tasks of three seconds, with time for a ping to be sent between them.
BUSY = """() => { window.busy = 5; const work = () => {
  const end = performance.now() + 3000; while (performance.now() < end);
  if (--window.busy) setTimeout(work, 700); }; work(); }"""


def begin_answer(person: Person, upstream: UpstreamThread) -> Callable[[], None]:
    """Stream a word by the socket; the returned function releases what follows."""
    first, second = uuid4().hex, uuid4().hex
    upstream.script(answer("Be", Gate(first), "fore", Gate(second), " and after."))
    person.ask("Begin")
    person.sees("Be")
    # The first words may come with the page; these show that its socket is open.
    upstream.release(first)
    person.sees("Before")
    return lambda: upstream.release(second)


def test_text_goes_on_when_the_network_is_back(
    person: Person, proxy: Proxy, upstream: UpstreamThread
) -> None:
    go_on = begin_answer(person, upstream)
    proxy.drop_all(AWAY_SECONDS)
    go_on()
    expect(person.page.locator("#connection")).to_contain_text("Reconnecting", timeout=8_000)
    text = person.body(person.answer)
    expect(text).to_contain_text("Before and after.", timeout=1000 * AWAY_SECONDS + BACK_MS)
    took = time.monotonic() - proxy.restored_at
    print(f"\ntext went on {took:.1f} s after the network's return")
    assert took < BACK_MS / 1000
    person.sees_status("complete")
    expect(person.page.locator("#connection")).to_be_hidden()


def test_text_goes_on_when_only_the_socket_is_dead(
    person: Person, proxy: Proxy, upstream: UpstreamThread
) -> None:
    go_on = begin_answer(person, upstream)
    proxy.drop_sockets()
    began = time.monotonic()
    go_on()
    expect(person.body(person.answer)).to_contain_text("Before and after.", timeout=BACK_MS)
    print(f"\ntext went on {time.monotonic() - began:.1f} s after the socket died")


@pytest.mark.parametrize("milliseconds_a_key", [0, 400])
def test_a_question_appears_at_once_while_the_socket_is_dead(
    person: Person, proxy: Proxy, upstream: UpstreamThread, milliseconds_a_key: int
) -> None:
    upstream.script(answer("An answer."))
    person.ask("First")
    person.sees_status("complete")
    gate = uuid4().hex
    upstream.script(answer("Its ", Gate(gate), "answer streams."))
    proxy.drop_sockets()
    person.box.press_sequentially("Second one", delay=milliseconds_a_key)
    began = time.monotonic()
    person.box.press("Enter")
    expect(person.questions).to_have_count(2, timeout=AT_ONCE_MS)
    print(f"\nthe question appeared after {time.monotonic() - began:.2f} s")
    person.sees("Its")
    upstream.release(gate)
    person.sees("Its answer streams.")
    person.sees_status("complete")
    expect(person.page.locator("article")).to_have_count(4)


@pytest.mark.parametrize("event", ["online", "pageshow", "visibilitychange"])
def test_a_dead_socket_is_noticed_after_a_wake(
    person: Person, proxy: Proxy, upstream: UpstreamThread, event: str
) -> None:
    """Nothing runs, so that the page would ask in half a minute at the earliest."""
    upstream.script(answer("An answer."))
    person.ask("First")
    person.sees_status("complete")
    proxy.drop_sockets()
    before = proxy.handshakes
    target = "document" if event == "visibilitychange" else "window"
    # The page waits up to 8 s for a pong if the machine is slow.
    with person.page.expect_websocket(timeout=2 * BACK_MS):
        person.page.evaluate(f"{target}.dispatchEvent(new Event('{event}'))")
    eventually(lambda: proxy.handshakes > before)
    assert proxy.handshakes == before + 1


# What is no dead socket
def test_a_slow_network_is_not_taken_for_a_dead_socket(
    person: Person, proxy: Proxy, upstream: UpstreamThread
) -> None:
    """A pong takes longer than the page waits for one on a fast network."""
    go_on = begin_answer(person, upstream)
    proxy.delay = 1.25
    person.page.reload()
    person.page.evaluate(COUNT_PONGS)
    # Until the first pong the page does not know how slow the network is.
    person.page.wait_for_function("() => window.pongs >= 1", timeout=40_000)
    before = proxy.handshakes
    person.page.wait_for_function("() => window.pongs >= 4", timeout=60_000)
    go_on()
    person.sees_status("complete", timeout=20_000)
    person.sees("Before and after.")
    assert proxy.handshakes == before


def test_a_busy_page_does_not_take_its_socket_for_dead(
    person: Person, proxy: Proxy, upstream: UpstreamThread
) -> None:
    go_on = begin_answer(person, upstream)
    before = proxy.handshakes
    person.page.evaluate(COUNT_PONGS)
    person.page.evaluate(BUSY)
    person.page.wait_for_function("() => window.busy === 0", timeout=40_000)
    assert person.page.evaluate("window.pongs") > 0
    go_on()
    person.sees("Before and after.")
    assert proxy.handshakes == before
