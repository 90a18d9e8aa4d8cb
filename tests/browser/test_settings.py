"""The settings page as a person uses it: saved with a word and without a jump."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.axe import findings
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser


@pytest.fixture
def page(person: Person) -> Page:
    """At the settings, on a phone: the page is longer than the window."""
    person.page.set_viewport_size({"width": 390, "height": 700})
    person.page.goto(f"{person.site}/settings/")
    return person.page


def section(page: Page, name: str) -> Locator:
    return page.get_by_role("form", name=name, exact=True)


def save(page: Page, name: str) -> None:
    section(page, name).get_by_role("button", name=re.compile("^Save")).click()


def sees_saved(page: Page, name: str) -> None:
    expect(section(page, name).get_by_role("status")).to_have_text("Saved.")


# In place
def test_a_section_is_saved_without_a_jump(page: Page) -> None:
    field = page.get_by_label("Instructions for every answer")
    field.fill("Be brief.")
    button = section(page, "Custom instructions").get_by_role("button", name=re.compile("^Save"))
    button.scroll_into_view_if_needed()
    before = page.evaluate("scrollY"), button.bounding_box()
    button.click()
    sees_saved(page, "Custom instructions")
    assert (page.evaluate("scrollY"), button.bounding_box()) == before
    expect(button).to_be_focused()
    field.fill("Be long.")
    expect(section(page, "Custom instructions").get_by_role("status")).to_have_text("")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(field).to_have_value("Be brief.")


def test_a_refused_text_stays_with_the_sentence_and_the_focus(page: Page) -> None:
    field = page.get_by_label("Instructions for every answer")
    field.fill("x" * 1003)
    save(page, "Custom instructions")
    expect(section(page, "Custom instructions")).to_contain_text("3 characters over the limit")
    expect(field).to_be_focused()
    expect(field).to_have_value("x" * 1003)
    field.fill("y" * 1000)
    save(page, "Custom instructions")
    sees_saved(page, "Custom instructions")
    expect(field).to_have_value("y" * 1000)


def test_the_theme_applies_at_once_and_stays(page: Page) -> None:
    root = page.locator("html")
    page.get_by_text("Dark", exact=True).click()
    save(page, "Appearance")
    sees_saved(page, "Appearance")
    expect(root).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(root).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    page.get_by_role("radio", name="Dark").press("ArrowRight")
    save(page, "Appearance")
    expect(root).to_have_attribute("data-theme", "auto")


def test_a_language_applies_at_once(page: Page) -> None:
    page.get_by_label("Language").select_option("de")
    save(page, "Profile")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    expect(section(page, "Profil").get_by_role("status")).to_have_text("Gespeichert.")


def test_a_lost_network_is_told(page: Page) -> None:
    page.context.set_offline(True)
    page.get_by_label("Display name").fill("Ada")
    save(page, "Profile")
    status = section(page, "Profile").get_by_role("status")
    expect(status).to_contain_text("The server can't be reached. Nothing was saved.")
    page.context.set_offline(False)
    save(page, "Profile")
    sees_saved(page, "Profile")


def test_a_session_that_ended_is_told_and_a_new_one_goes_on(page: Page, person: Person) -> None:
    """Signed in again in another tab, without a reload here."""
    cookies = page.context.cookies()
    page.context.clear_cookies(name="chat_session")
    page.get_by_label("Display name").fill("Ada")
    save(page, "Profile")
    expect(section(page, "Profile").get_by_role("status")).to_contain_text("You are signed out.")
    tab = Person(page.context.new_page(), person.site, person.email)
    tab.page.goto(f"{person.site}/accounts/login/")
    tab.sign_in()
    tab.page.wait_for_url(f"{person.site}/")
    assert page.context.cookies() != cookies
    save(page, "Profile")
    sees_saved(page, "Profile")


def test_leaving_with_unsaved_text_asks(page: Page) -> None:
    kinds: list[str] = []

    def accept(dialog: object) -> None:
        kinds.append(dialog.type)  # type: ignore[attr-defined]
        dialog.accept()  # type: ignore[attr-defined]

    page.on("dialog", accept)
    page.get_by_label("Instructions for every answer").fill("Be brief.")
    page.get_by_role("link", name="Back to the chat").click()
    page.wait_for_url(lambda url: "settings" not in url)
    assert kinds == ["beforeunload"]


# Without scripts
def test_plain_forms_work(new_person: Callable[..., Person]) -> None:
    state = new_person().page.context.storage_state()
    person = new_person()
    browser = person.page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    page = context.new_page()
    page.goto(f"{person.site}/settings/")
    page.get_by_label("Display name").fill("Ada")
    save(page, "Profile")
    sees_saved(page, "Profile")
    assert page.url == f"{person.site}/settings/#profile"
    page.get_by_label("Display name").fill("x" * 81)
    save(page, "Profile")
    expect(section(page, "Profile")).to_contain_text("This name is too long.")
    context.close()


# What it does in the chat
def test_the_name_stands_in_the_account_menu(person: Person) -> None:
    page = person.page
    page.locator("summary.account").click()
    page.get_by_role("link", name="Settings").click()
    page.get_by_label("Display name").fill("Ada Lovelace")
    save(page, "Profile")
    sees_saved(page, "Profile")
    page.get_by_role("link", name="Back to the chat").click()
    expect(page.locator("summary.account")).to_contain_text("Ada Lovelace")
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Ada Lovelace")


def test_instructions_reach_the_model_until_they_are_off(
    person: Person, upstream: UpstreamThread
) -> None:
    page = person.page
    page.goto(f"{person.site}/settings/")
    page.get_by_label("Instructions for every answer").fill("Answer in rhymes.")
    save(page, "Custom instructions")
    sees_saved(page, "Custom instructions")
    page.goto(person.site)
    upstream.script(answer("One."), answer("Two."))
    person.ask("First?")
    person.sees("One.")
    person.sees_status("complete")
    page.locator("#model-settings > summary").click()
    with page.expect_response(re.compile("/options/")):
        page.get_by_label("Custom instructions").select_option("off")
    page.keyboard.press("Escape")
    person.ask("Second?")
    person.sees("Two.")
    person.sees_status("complete")
    first, second = (request.body["messages"][0]["content"] for request in upstream.requests)
    assert first.endswith(
        "The user has given these instructions for your answers:\nAnswer in rhymes."
    )
    assert first.startswith(second)
    assert "rhymes" not in second


# The zone of a browser that moves
def move(session: CDPSession, zone: str) -> None:
    session.send("Emulation.setTimezoneOverride", {"timezoneId": zone})


def zone_sent(page: Page, site: Site) -> str:
    """The zone that the next page is asked for with."""
    with page.expect_request(f"{site.url}/") as sent:
        page.goto(site.url)
    cookies = sent.value.all_headers()["cookie"]
    found = re.search(r"(?:^|; )tz=([^;]*)", cookies)
    return found[1] if found else ""


def has_zone(page: Page, zone: str) -> None:
    page.wait_for_function("zone => document.cookie.includes(`tz=${zone}`)", arg=zone)


def test_the_next_page_knows_that_the_browser_moved(person: Person, site: Site) -> None:
    page = person.page
    session = page.context.new_cdp_session(page)
    move(session, "Europe/Berlin")
    page.reload()
    has_zone(page, "Europe/Berlin")
    page.clock.install()
    move(session, "Asia/Tokyo")
    page.clock.run_for(11_000)
    page.mouse.move(200, 200)
    page.clock.run_for(100)
    has_zone(page, "Asia/Tokyo")
    assert zone_sent(page, site) == "Asia/Tokyo"


# For everyone
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(new_person: Callable[..., Person], scheme: str) -> None:
    page = new_person(color_scheme=scheme).page
    page.goto(f"{page.url}settings/")
    assert findings(page) == []
    page.get_by_label("Instructions for every answer").fill("x" * 1001)
    save(page, "Custom instructions")
    expect(section(page, "Custom instructions")).to_contain_text("over the limit")
    save(page, "Profile")
    sees_saved(page, "Profile")
    assert findings(page) == []


def test_nothing_is_wider_than_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 600})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
