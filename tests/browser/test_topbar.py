"""The top bar: what answers and the lists that choose it, the menu of the title, what is next."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import UpstreamThread, answer
from tests.support.person import Person
from tests.support.rows import Rows
from tests.support.site import Site

pytestmark = pytest.mark.browser

MISTRAL, LLAMA = "Mistral 7B Instruct v0.3", "Llama 3 70B"
NOTE = "UPDATE chat_chatmodel SET note = %s, price_in = %s, price_out = %s WHERE label = %s"
PUBLISH = """
from chat.models import SystemPrompt, PromptVersion
prompt, made = SystemPrompt.objects.get_or_create(name="Front desk")
if made:
    version = PromptVersion.objects.create(prompt=prompt, number=1, text="You work at a desk.")
    SystemPrompt.objects.filter(pk=prompt.pk).update(published=version)
"""


def choose(person: Person, menu: str, name: str) -> None:
    person.page.locator(f"#{menu}-menu > summary").click()
    person.page.locator(f"#{menu}-menu .choice", has_text=name).click()
    expect(person.page.locator(f"#{menu}-label")).to_have_text(name)


def hint(person: Person) -> Locator:
    return person.page.locator("#next-answer")


def talk(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."), answer("Two."), answer("Three."))
    person.ask("First")
    person.sees("One.")
    person.sees_status("complete")


def test_model_and_prompt_are_read_and_chosen(
    person: Person, site: Site, upstream: UpstreamThread
) -> None:
    rows = Rows(site.values["DATABASE_URL"])
    rows.do(NOTE, "It is thorough.", "0.5", "2", LLAMA)
    site.manage("shell", "-c", PUBLISH)
    person.page.reload()
    expect(person.page.locator("#model-label")).to_have_text(MISTRAL)
    expect(person.page.locator("#prompt-label")).to_have_text("Default")
    person.page.locator("#model-menu > summary").click()
    item = person.page.locator("#model-menu .choice", has_text=LLAMA)
    expect(item).to_contain_text("It is thorough.")
    expect(item).to_contain_text("0.5\N{NO-BREAK SPACE}USD read, 2\N{NO-BREAK SPACE}USD written")
    item.press("Enter")
    expect(person.page.locator("#model-label")).to_have_text(LLAMA)
    expect(person.page.locator("#model-menu > summary")).to_be_focused()
    choose(person, "prompt", "Front desk")
    upstream.script(answer("Good day."))
    person.ask("Who are you?")
    person.sees("Good day.")
    sent = upstream.chats[-1].body
    assert sent["model"] == "meta-llama/Meta-Llama-3-70B-Instruct"
    assert "You work at a desk." in sent["messages"][0]["content"]
    person.page.reload()
    expect(person.page.locator("#model-label")).to_have_text(LLAMA)
    expect(person.page.locator("#prompt-label")).to_have_text("Front desk")
    rows.do(NOTE, "", None, None, LLAMA)


def test_the_thread_says_what_applies_from_the_next_answer(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream)
    other = person.second_tab()
    expect(hint(person)).to_be_empty()
    choose(person, "model", LLAMA)
    sentence = f"Applies from the next answer: {LLAMA}"
    for tab in (person, other):
        expect(hint(tab)).to_have_text(sentence)
    expect(other.page.locator("#model-label")).to_have_text(LLAMA)
    other.page.reload()
    expect(hint(other)).to_have_text(sentence)
    choose(other, "model", MISTRAL)
    for tab in (person, other):
        expect(hint(tab)).to_be_empty()
    choose(person, "model", LLAMA)
    expect(hint(person)).to_have_text(sentence)
    person.ask("Second")
    person.sees("Two.")
    for tab in (person, other):
        expect(hint(tab)).to_be_empty()


def test_the_hint_follows_the_version_that_is_shown(
    person: Person, upstream: UpstreamThread
) -> None:
    talk(person, upstream)
    choose(person, "model", LLAMA)
    person.button("Regenerate").click()
    person.sees("Two.")
    person.sees_status("complete")
    expect(hint(person)).to_be_empty()
    person.button("Previous version").click()
    person.sees("One.")
    expect(hint(person)).to_contain_text(LLAMA)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_title_has_a_menu(
    new_person: Callable[..., Person], upstream: UpstreamThread, width: int
) -> None:
    person = new_person(viewport={"width": width, "height": 800})
    talk(person, upstream)
    menu = person.page.locator(".title-menu > summary")
    menu.press("Enter")
    items = person.page.locator(".title-menu .menu-item")
    expect(items).to_have_text(["Rename", "Print", "Delete"], use_inner_text=True)
    for item in items.all():
        expect(item).to_be_in_viewport(ratio=1)
    menu.press("ArrowDown")
    expect(items.first).to_be_focused()
    items.first.press("Enter")
    title = person.page.get_by_label("Title")
    expect(title).to_have_value("First")
    title.fill("A better name")
    title.press("Enter")
    expect(person.page.locator("#conversation-title")).to_have_text("A better name")
    expect(menu).to_be_focused()
    menu.press("Enter")
    items.first.click()
    expect(title).to_have_value("A better name")
    title.press("Escape")
    menu.press("Enter")
    items.last.click()
    expect(person.page.locator("#conversation-title")).to_have_text("New chat")
    expect(menu).to_have_count(0)
