"""A long conversation on paper: whole from its menu, and honest from the browser's own command."""

import pytest
from playwright.sync_api import expect

from tests.support.long_conversation import insert_long_conversation
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

WIDE = "x = " + "a_long_name + " * 60
HINT = "Earlier messages are missing here."
ANSWER = f'"A question" if number % 2 else "```\\n{WIDE}\\n```\\n\\n|a|b|\\n|-|-|\\n|1|2|\\n"'
# The elements whose content is cut at their edge.
CUT = """() => [...document.querySelectorAll(".message-body :is(pre, .table-wrap)")]
  .filter((box) => box.scrollWidth > box.clientWidth + 1).length"""


def test_all_of_a_long_conversation_is_printed_from_its_menu(person: Person, site: Site) -> None:
    page = person.page
    key = insert_long_conversation(site, person.email, 120, ANSWER)
    page.goto(f"{site.url}/c/{key}/")
    page.locator(".row-menu > summary").first.click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Print", exact=True).click()
    printed = opened.value
    person.listen(printed)
    expect(printed.locator("article")).to_have_count(120)
    assert printed.evaluate(CUT) == 0
    printed.emulate_media(media="print")
    assert printed.evaluate(CUT) == 0
    expect(printed.get_by_role("button", name="Print")).to_be_hidden()


def test_the_dialog_opens_by_itself_and_by_the_button(person: Person, site: Site) -> None:
    page = person.page
    key = insert_long_conversation(site, person.email, 4, ANSWER)
    page.add_init_script("window.prints = 0; window.print = () => { window.prints += 1; };")
    page.goto(f"{site.url}/c/{key}/print/", wait_until="load")
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.prints") == 2


@pytest.mark.parametrize(("count", "is_shown"), [(120, True), (4, False)])
def test_the_browsers_own_command_says_what_is_missing(
    person: Person, site: Site, count: int, is_shown: bool
) -> None:
    page = person.page
    key = insert_long_conversation(site, person.email, count, ANSWER)
    page.goto(f"{site.url}/c/{key}/")
    expect(page.locator("article").first).to_be_attached()
    expect(page.get_by_text(HINT)).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.get_by_text(HINT)).to_be_visible(visible=is_shown)
