"""Text that is not saved is kept, or its page asks before it is left."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

ADMIN = """
from accounts.models import User
User.objects.filter(email={email!r}).update(is_staff=True, is_superuser=True)
"""
# A storage that is full for this; the admin's own scripts fail in a full one.
FULL = """const setItem = Storage.prototype.setItem;
Storage.prototype.setItem = function (key, value) {
  if (key.startsWith("unsaved:")) throw new DOMException("x", "QuotaExceededError");
  setItem.call(this, key, value);
};"""


def questions_of(page: Page) -> list[str]:
    """The kinds of questions that the page asks from now on; each is answered with yes."""
    kinds: list[str] = []

    def accept(dialog: Dialog) -> None:
        kinds.append(dialog.type)
        dialog.accept()

    page.on("dialog", accept)
    return kinds


@pytest.fixture
def prompt_page(person: Person, site: Site) -> Page:
    """The page of a prompt with two versions."""
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    page = person.page
    page.goto(f"{site.url}/admin/chat/systemprompt/")
    page.locator("#result_list .field-name a").first.click()
    page.locator("#id_text").fill(f"Version for {person.email}")
    page.get_by_role("button", name="Save and publish").click()
    expect(page.locator(".messagelist")).to_contain_text("is now published")
    return page


def test_publishing_an_older_version_keeps_what_was_typed(prompt_page: Page) -> None:
    page, kinds = prompt_page, questions_of(prompt_page)
    page.locator("#id_text").fill("Not saved yet")
    page.locator("#id_note").fill("A note")
    page.locator("button[form=publish]").first.click()
    expect(page.locator(".messagelist")).to_contain_text("is now published")
    expect(page.locator("#id_text")).to_have_value("Not saved yet")
    expect(page.locator("#id_note")).to_have_value("A note")
    assert kinds == []
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator("#id_text")).to_have_value("Not saved yet")
    assert kinds == []
    page.reload()
    expect(page.locator("#id_note")).to_have_value("")


def test_a_version_that_came_meanwhile_is_not_overwritten(
    prompt_page: Page, person: Person
) -> None:
    page, other = prompt_page, person.second_tab().page
    page.locator("#id_text").fill("Written from the older version")
    other.locator("#id_text").fill("Saved meanwhile")
    other.get_by_role("button", name="Save and continue editing").click()
    expect(other.locator(".messagelist")).to_contain_text("was saved")
    page.locator("button[form=publish]").first.click()
    expect(page.locator("#id_text")).to_have_value("Written from the older version")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".errorlist").last).to_contain_text("Someone else saved version")


def test_a_page_of_the_admin_asks_before_it_is_left(prompt_page: Page) -> None:
    page, kinds = prompt_page, questions_of(prompt_page)
    page.reload()
    assert kinds == []
    page.locator("#id_text").press_sequentially("!")
    page.reload()
    assert kinds == ["beforeunload"]


def test_a_refused_form_asks_before_it_is_left(prompt_page: Page) -> None:
    page, kinds = prompt_page, questions_of(prompt_page)
    page.locator("#id_text").fill("x" * 20_001)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".errorlist").last).to_contain_text("20000 characters")
    page.locator("#id_note").click()
    page.reload()
    assert kinds == ["beforeunload"]


def test_publishing_asks_where_nothing_can_be_kept(
    new_person: Callable[..., Person], site: Site
) -> None:
    person = new_person()
    person.page.add_init_script(FULL)
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    page, kinds = person.page, questions_of(person.page)
    page.goto(f"{site.url}/admin/chat/systemprompt/")
    page.locator("#result_list .field-name a").first.click()
    page.locator("#id_text").fill(f"Version for {person.email}")
    page.get_by_role("button", name="Save and publish").click()
    page.locator("#id_text").fill("Not saved yet")
    page.locator("button[form=publish]").first.click()
    expect(page.locator(".messagelist")).to_contain_text("is now published")
    assert kinds == ["beforeunload"]


def test_an_edited_message_asks_before_it_is_left(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Yes."))
    page, kinds = person.page, questions_of(person.page)
    person.ask("Really?")
    person.sees_status("complete")
    person.questions.last.hover()
    person.button("Edit").click()
    page.reload()
    assert kinds == []
    person.questions.last.hover()
    person.button("Edit").click()
    page.get_by_role("textbox", name="Edit message").press_sequentially("!")
    page.reload()
    assert kinds == ["beforeunload"]
