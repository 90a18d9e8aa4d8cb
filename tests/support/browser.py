"""Fixtures: a real browser in front of a real server; a screenshot is kept when a test fails."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from benchmarks.browser import FLAGS
from tests.support.person import Person
from tests.support.site import Site

# How long a page may take on a busy machine. What is there in time is seen at once.
PAGE_TIMEOUT = 15_000  # milliseconds

numbers = itertools.count(1)
expect.set_options(timeout=PAGE_TIMEOUT)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    """Start a Chromium for one file: while it is open no other test may use an event loop."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield running
        running.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for person in getattr(item, "people", []):
            keep_screenshot(person.page, item.name)
        site = getattr(item, "funcargs", {}).get("site")
        if site is not None:
            report.sections.append(("The web process", site.log()[-4000:]))


def keep_screenshot(page: Page, name: str) -> None:
    folder = Path("test-results")
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / f"{name[:80]}-{next(numbers)}.png")


@pytest.fixture
def new_person(
    browser: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """Makes people with a browser window of their own, signed up. No page may have complained."""
    contexts: list[BrowserContext] = []
    people: list[Person] = []
    request.node.people = people

    def make(**options: Any) -> Person:
        context = browser.new_context(**options)
        context.set_default_timeout(PAGE_TIMEOUT)
        contexts.append(context)
        person = Person(context.new_page(), site.url, f"person{next(numbers)}@example.org")
        people.append(person)
        person.sign_up()
        return person

    yield make
    complaints = [complaint for person in people for complaint in person.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def person(new_person: Callable[..., Person]) -> Person:
    return new_person()
