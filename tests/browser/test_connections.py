"""A model server is connected, looked at and tested, with clicks alone, at both widths."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_two_people import make_administrator
from tests.fake_llm import Respond, UpstreamThread, answer, script
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

DELETE = "from chat.models import Connection; Connection.objects.filter(name='Workshop').delete()"


@pytest.fixture(params=[390, 1440])
def administrator(
    request: pytest.FixtureRequest, new_person: Callable[..., Person], site: Site
) -> Iterator[Page]:
    person = new_person(viewport={"width": request.param, "height": 844})
    make_administrator(site, person.email)
    yield person.page
    site.manage("shell", "-c", DELETE)


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_a_server_is_connected_and_tested(administrator: Page, site: Site) -> None:
    page, name = administrator, f"llama-{uuid4().hex}"
    with UpstreamThread() as second:
        second.offer({name: {"max_model_len": 8192}, "qwen3:8b": {}, "nomic-embed-text": {}})
        page.goto(f"{site.url}/admin/chat/connection/add/")
        page.get_by_label("Name").fill("Workshop")
        page.get_by_label("Address").fill(second.base_url)
        page.get_by_role("button", name="Save", exact=True).click()

        expect(page.get_by_role("heading", name="Offer models of Workshop")).to_be_visible()
        expect(page.get_by_role("row")).to_have_count(4)
        assert fits(page)
        page.get_by_role("searchbox").fill("llama")
        page.get_by_role("button", name="Search").click()
        expect(page.get_by_role("row")).to_have_count(2)
        page.get_by_role("button", name=f"Offer {name}").click()
        page.get_by_role("link", name="Offered").click()

        second.script(answer("Hello."))
        page.get_by_role("button", name="Test").click()
        expect(page.get_by_role("status")).to_have_text(re.compile("The test passed."))
        expect(page.get_by_text("exact: 7 read, 5 written")).to_be_visible()
        assert fits(page)

        second.script(script(Respond(401, b"{}")))
        page.get_by_role("button", name="Test again").click()
        expect(page.get_by_role("alert")).to_contain_text("The server rejected the key.")
        assert fits(page)
    page.get_by_role("button", name="Test again").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing listens at this address.")
