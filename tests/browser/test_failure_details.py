"""What the note and "About this answer" tell administrators of a failure, in a browser."""

import pytest
from playwright.sync_api import expect

from tests.fake_llm import UpstreamThread
from tests.fake_llm.faults import status
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

ADMIN = """
from accounts.models import User
User.objects.filter(email={email!r}).update(is_staff=True, is_superuser=True)
"""


def open_details(person: Person) -> None:
    person.answer.get_by_label("More").click()
    person.button("About this answer").click()
    expect(person.page.locator("#run-details")).to_contain_text("model_not_found")


def test_the_note_tells_staff_what_came_without_a_reload(
    person: Person, site: Site, upstream: UpstreamThread
) -> None:
    """Also a failure that reaches the page through its socket."""
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    person.page.reload()
    upstream.script(status(401))
    person.ask("Why?")
    person.sees_status("failed")
    note = person.answer.locator(".message-error")
    expect(note).to_contain_text("The server rejected the key.")
    expect(note).to_contain_text("unauthorized, HTTP 401")
    expect(note).to_contain_text(f"{upstream.base_url}/chat/completions was asked")
    expect(note).not_to_contain_text("your administrator")
    note.get_by_role("link", name="Open the model's page").click()
    expect(person.page.locator("#content")).to_contain_text("Learnt from the server")
    assert person.complaints == []


def test_staff_see_the_address_and_come_to_the_model(
    person: Person, site: Site, upstream: UpstreamThread
) -> None:
    upstream.script(status(404))
    person.ask("Why?")
    person.sees_status("failed")
    open_details(person)
    details = person.page.locator("#run-details")
    expect(details).not_to_contain_text("For administrators")
    site.manage("shell", "-c", ADMIN.format(email=person.email))
    person.page.reload()
    open_details(person)
    expect(details).to_contain_text(f"{upstream.base_url}/chat/completions was asked")
    link = details.get_by_role("link", name="Open the model's page")
    link.click()
    expect(person.page.locator("#content")).to_contain_text("Learnt from the server")
    assert person.complaints == []
