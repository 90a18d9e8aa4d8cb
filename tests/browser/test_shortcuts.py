"""Keyboard shortcuts: in the script, in the sheet and in the docs alike."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from chat.rendering.components.client_strings import SHORTCUTS
from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person

ROOT = Path(__file__).resolve().parents[2]


def test_every_shortcut_is_in_the_docs_and_in_the_script() -> None:
    docs = (ROOT / "docs/page.md").read_text()
    script = (ROOT / "static/js/shortcuts.js").read_text()
    actions = script[script.index("const ACTIONS") : script.index("const isElsewhere")]
    bound = re.findall(r'^    "?([a-z?[])"?: ', actions, re.M)
    for item in SHORTCUTS:
        assert f"| `{item.keys}` |" in docs, item.keys
        if item.single:
            assert item.keys in bound
    assert set(bound) <= {item.keys for item in SHORTCUTS}


@pytest.mark.browser
def test_the_sheet_and_the_keys(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Alpha."), answer("Beta."))
    page = person.page
    person.ask("First")
    person.sees("Alpha.")
    person.sees_status("complete")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet.locator("kbd")).to_have_count(len(SHORTCUTS))
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("n")
    page.wait_for_url(f"{person.site}/")
    person.ask("Second")
    person.sees("Beta.")
    person.sees_status("complete")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    person.sees("Alpha.")
    page.keyboard.press("k")
    person.sees("Beta.")
    page.keyboard.press("m")
    expect(person.box).to_be_focused()
    page.keyboard.type("njk?")
    expect(person.box).to_have_value("njk?")


@pytest.mark.browser
def test_single_keys_can_be_switched_off(person: Person) -> None:
    person.page.keyboard.press("Escape")
    person.page.locator("summary.account").click()
    person.button("Keyboard shortcuts").click()
    person.page.get_by_label("Use single-key shortcuts outside text fields").uncheck()
    person.page.keyboard.press("Escape")
    person.page.locator("#main").focus()
    person.page.keyboard.press("?")
    person.page.keyboard.press("m")
    expect(person.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_hidden()
    expect(person.page.locator("#main")).to_be_focused()
