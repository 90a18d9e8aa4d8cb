"""The line above which the model no longer sees messages."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person
from tests.support.site import Site

pytestmark = pytest.mark.browser

SIZES = """
from chat.models import ChatModel
ChatModel.objects.filter(is_default=True).update(context_window={window}, max_output={output})
"""


@pytest.fixture
def small_window(site: Site) -> Iterator[None]:
    site.manage("shell", "-c", SIZES.format(window=1024, output=256))
    yield
    site.manage("shell", "-c", SIZES.format(window=32768, output=2048))


def test_the_line_comes_with_the_message_that_it_stands_above(
    small_window: None, person: Person, upstream: UpstreamThread
) -> None:
    """The frame that brings a question also brings the line above it."""
    upstream.script(answer("word " * 450), answer("Yes", Gate(), "."))
    person.ask("First")
    person.sees_status("complete")
    cutoff = person.page.locator("#context-cutoff")
    expect(cutoff).to_have_count(0)
    person.ask("long " * 450)
    person.sees("Yes")
    expect(cutoff).to_have_count(1)
    below = cutoff.locator("xpath=following-sibling::article[1]")
    expect(below).to_contain_text("long long")
    upstream.release()
    person.sees_status("complete")
    expect(below).to_contain_text("long long")
