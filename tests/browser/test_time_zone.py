"""The first page of a new browser is made in its time zone."""

from collections.abc import Callable

import pytest

from tests.support.person import Person

pytestmark = pytest.mark.browser

# Who signs in sooner than the page is idle, such as with a password manager.
NEVER_IDLE = "window.requestIdleCallback = () => {}"


def test_the_first_page_after_a_quick_sign_in_knows_the_time_zone(
    new_person: Callable[..., Person],
) -> None:
    person = new_person(timezone_id="Pacific/Kiritimati")
    page = person.page
    person.sign_out()
    page.context.clear_cookies(name="tz")
    page.add_init_script(NEVER_IDLE)
    page.goto(f"{person.site}/accounts/login/")
    with page.expect_request(f"{person.site}/") as sent:
        person.sign_in()
    page.wait_for_url(f"{person.site}/")
    assert "tz=Pacific/Kiritimati" in sent.value.all_headers()["cookie"]
