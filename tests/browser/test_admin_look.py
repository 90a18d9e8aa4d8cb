"""The administration looks like the chat: its themes, its widths, one word to sign out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.test_two_people import make_administrator
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

PAGES = (
    "",
    "start/",
    "chat/systemprompt/",
    "chat/systemprompt/add/",
    "chat/suggestion/",
    "chat/connection/add/",
    "chat/chatmodel/",
    "chat/chatmodel/add/",
    "accounts/user/",
    "accounts/user/add/",
    "auth/group/add/",
)


@pytest.fixture(params=[(390, "light"), (1440, "dark")], ids=["phone-light", "wide-dark"])
def administration(
    request: pytest.FixtureRequest, new_person: Callable[..., Person], site: Site
) -> Person:
    width, theme = request.param
    person = new_person(viewport={"width": width, "height": 844}, color_scheme=theme)
    make_administrator(site, person.email)
    return person


def test_axe_finds_nothing_and_nothing_is_cut(administration: Person, site: Site) -> None:
    page = administration.page
    for path in PAGES:
        page.goto(f"{site.url}/admin/{path}")
        assert administration.complaints == [], path
        assert findings(page) == [], path
        administration.complaints.clear()  # of axe, which tries inline styles on some pages
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


def test_the_chosen_theme_counts_here_too(administration: Person, site: Site) -> None:
    page = administration.page
    colours = []
    for theme in ("light", "dark"):
        page.context.add_cookies([{"name": "theme", "value": theme, "url": site.url}])
        page.goto(f"{site.url}/admin/")
        colours.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(set(colours)) == 2


def test_signing_out_stands_in_one_place(administration: Person, site: Site) -> None:
    page = administration.page
    page.goto(f"{site.url}/admin/")
    expect(page.get_by_text(re.compile("log out", re.IGNORECASE))).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")
