"""The account pages as a person meets them: real server, real Chromium, by accessible name."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.support.accounts import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
async def page(chromium: Browser, live_server: LiveServer) -> AsyncIterator[Page]:
    context = await chromium.new_context(base_url=live_server.url, color_scheme="light")
    page = await context.new_page()
    page.set_default_timeout(10_000)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    await context.close()
    # Chromium says what it did as it was told to.
    assert [text for text in said if not text.startswith("Clear-Site-Data header")] == []


async def test_sign_up_change_password_sign_out_and_in(page: Page) -> None:
    await page.goto("/accounts/signup/?next=/accounts/email/")
    await page.get_by_label("Email").fill("Ada@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Confirm password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign up", exact=True).click()
    await page.get_by_text("ada@example.org", exact=True).wait_for()

    await page.get_by_role("link", name="Password").click()
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.get_by_label("New password", exact=True).fill("better-battery-7")
    await page.get_by_label("Confirm new password").fill("better-battery-7")
    await page.get_by_role("button", name="Change password").click()
    await page.get_by_role("status").get_by_text("Your password was changed.").wait_for()
    await page.get_by_role("button", name="Close").click()
    await page.get_by_text("Your password was changed.").wait_for(state="detached")

    await page.goto("/accounts/logout/")
    await page.get_by_role("button", name="Sign out", exact=True).click()
    await page.goto("/accounts/login/?next=/accounts/email/")
    await page.get_by_label("Email").fill("ada@example.org")
    await page.get_by_label("Password", exact=True).fill("better-battery-7")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.get_by_role("heading", name="Your email addresses").wait_for()


async def test_the_theme_is_remembered_before_any_script_runs(page: Page) -> None:
    await page.goto("/accounts/login/")
    dark = page.get_by_role("radio", name="Dark")
    assert not await dark.is_checked()
    await dark.check(force=True)
    background = "getComputedStyle(document.body).backgroundColor"
    assert await page.evaluate(background) == "rgb(29, 32, 36)"
    response = await page.reload()
    assert response
    assert 'data-theme="dark"' in await response.text()
    zone = "Intl.DateTimeFormat().resolvedOptions().timeZone"
    await page.wait_for_function(f"() => document.cookie.includes(`tz=${{{zone}}}`)")


async def test_by_keyboard_alone(page: Page) -> None:
    await page.goto("/accounts/login/")
    email = page.get_by_label("Email")
    assert await email.evaluate("(field) => field === document.activeElement")
    await page.keyboard.type("nobody@example.org")
    await page.keyboard.press("Tab")
    await page.keyboard.type("wrong")
    await page.keyboard.press("Enter")
    await page.get_by_role("alert").get_by_text("Incorrect email or password.").wait_for()
    password = page.get_by_label("Password", exact=True)
    assert await password.evaluate("(field) => field === document.activeElement")
