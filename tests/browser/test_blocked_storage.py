"""A browser that blocks, switches off or fills its storage: the page works, and forgets."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

pytestmark = pytest.mark.browser

BLOCKED = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("x", "SecurityError"); } });
}"""
SWITCHED_OFF = """for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get: () => null });
}"""
FULL = """Storage.prototype.setItem = () => {
  throw new DOMException("x", "QuotaExceededError");
};"""
FOREIGN = """if (!sessionStorage.getItem("sidebar-lines")) {
  for (const key of ["sidebar-lines", "by-key"]) sessionStorage.setItem(key, "not JSON");
  localStorage.setItem("keys", "{");
}"""


@pytest.mark.parametrize("script", [BLOCKED, SWITCHED_OFF, FULL, FOREIGN])
def test_the_page_works_without_storage(
    new_person: Callable[..., Person], upstream: UpstreamThread, script: str
) -> None:
    upstream.script(answer("Alpha."), answer("Beta."))
    person = new_person()
    page = person.page
    page.add_init_script(script)
    page.goto(person.site)
    expect(person.box).to_be_focused()
    person.ask("First")  # fails unless Enter sends
    person.sees("Alpha.")
    person.sees_status("complete")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.wait_for_url(f"{person.site}/")
    person.ask("Second")
    person.sees("Beta.")
    person.sees_status("complete")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    person.sees("Alpha.")
    expect(page.locator(".row-link[aria-current]")).to_be_in_viewport()
    page.keyboard.press("m")
    expect(person.box).to_be_focused()
    person.sign_out()
