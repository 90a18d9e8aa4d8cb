"""Going back after signing out: nothing of the person is seen again, and going back is still quick.

Playwright switches Chromium's back/forward cache off; these tests switch it on again.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.browser import FLAGS
from tests.fake_llm import UpstreamThread, answer
from tests.support.browser import numbers
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

SECRET = "The secret ingredient is cardamom."
# Notes whether a page was kept, and what somebody sees of one that was.
WATCH = """
addEventListener("pageshow", ({ persisted }) => {
  window.cameBack = persisted;
  if (!persisted) return;
  sessionStorage.kept = "yes";
  requestAnimationFrame(() => {
    if (document.body.checkVisibility()) sessionStorage.seen += document.body.innerText;
  });
});
"""


@pytest.fixture
def remembering(browser: Browser, chromium_path: str) -> Iterator[Browser]:
    """A browser that keeps pages that were left."""
    running = browser.browser_type.launch(
        executable_path=chromium_path,
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield running
    running.close()


@pytest.fixture
def context(remembering: Browser) -> Iterator[BrowserContext]:
    context = remembering.new_context()
    context.set_default_timeout(15_000)
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture
def reader(context: BrowserContext, site: Site, upstream: UpstreamThread) -> Person:
    """Somebody with a conversation open."""
    upstream.script(answer(SECRET))
    person = Person(context.new_page(), site.url, f"back{next(numbers)}@example.org")
    person.sign_up()
    person.ask("What is in it?")
    person.sees(SECRET)
    person.sees_status("complete")
    return person


def came_back(page: Page) -> Any:
    """Whether the page was kept, and not loaded again."""
    return page.evaluate("window.cameBack")


def go_back(page: Page) -> None:
    """By script: Playwright's own way waits for a load, which a kept page does not have."""
    page.evaluate("history.back()")


def sees_nothing(page: Page) -> None:
    """The page is the one to sign in, and nothing private was seen on the way to it."""
    expect(page).to_have_url(re.compile(r"/accounts/login/"))
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    assert SECRET not in page.content()
    assert SECRET not in (page.evaluate("sessionStorage.seen") or "")


def test_going_back_to_a_conversation_keeps_the_page(reader: Person) -> None:
    url = reader.page.url
    reader.page.goto(f"{reader.site}/accounts/email/")
    go_back(reader.page)
    expect(reader.page).to_have_url(url)
    reader.sees(SECRET)
    assert came_back(reader.page)


def test_after_signing_out_the_way_back_shows_nothing(reader: Person) -> None:
    page = reader.page
    page.goto(f"{reader.site}/accounts/email/")
    page.goto(f"{reader.site}/")
    reader.sign_out()
    for _ in range(3):
        go_back(page)
        sees_nothing(page)
    assert reader.complaints == []


def test_a_page_that_was_kept_shows_nothing_to_who_is_not_its_person(
    reader: Person, context: BrowserContext
) -> None:
    """As where a browser does not obey Clear-Site-Data, which it does only for secure sites."""
    page = reader.page
    page.goto(f"{reader.site}/accounts/email/")
    context.clear_cookies()
    go_back(page)
    sees_nothing(page)
    assert page.evaluate("sessionStorage.kept") == "yes"


def test_a_page_that_is_kept_holds_no_password(reader: Person) -> None:
    page = reader.page
    page.goto(f"{reader.site}/accounts/reauthenticate/")
    page.get_by_label("Password").fill("correct horse")
    page.goto(f"{reader.site}/accounts/email/")
    go_back(page)
    expect(page).to_have_url(re.compile("/reauthenticate/"))
    assert came_back(page)
    expect(page.get_by_label("Password")).to_have_value("")
