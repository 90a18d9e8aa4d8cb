"""People and a browser for the tests of accounts and of the base of every page."""

from collections.abc import AsyncIterator, Callable
from html.parser import HTMLParser

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from playwright.async_api import Browser, async_playwright

from accounts.models import User
from benchmarks.browser import FLAGS

PASSWORD = "correct-horse-9"


@pytest.fixture
def person(db: None) -> User:
    return User.objects.create(email="ada@example.org", password=make_password(PASSWORD))


@pytest.fixture
def signed_in(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
async def chromium(chromium_path: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium_path, args=FLAGS)
        yield browser
        await browser.close()


class Controls(HTMLParser):
    """The labels, fields and buttons of a page, as a person hears them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.labels: dict[str, str] = {}
        self.fields: dict[str, dict[str, str]] = {}
        self.buttons: list[str] = []
        self.ids: dict[str, str] = {}
        self.open: Callable[[str], None] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.open = None
        if tag == "label":
            self.open = lambda text: self.labels.__setitem__(text, values["for"])
        elif tag == "button":
            self.open = self.buttons.append
        elif tag == "input" and values.get("type") != "hidden":
            self.fields[values.get("id", "")] = values
        if "id" in values:
            self.ids[values["id"]] = tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.open(data.strip())

    def field(self, label: str) -> dict[str, str]:
        return self.fields[self.labels[label]]
