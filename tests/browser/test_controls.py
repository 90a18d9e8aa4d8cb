"""Controls of an answer and of a conversation."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.fake_llm import Gate, UpstreamThread, answer
from tests.support.person import Person
from tests.support.rows import Rows
from tests.support.site import Site

pytestmark = pytest.mark.browser

SMALL = "Mixtral 8x7B Instruct"
NARROW = """
UPDATE chat_chatmodel SET temperature_min = %s, temperature_max = %s, top_p_min = %s, top_p_max = %s
WHERE label = %s
"""
RESIZE = "UPDATE chat_chatmodel SET max_output = %s, note = %s WHERE label = %s"
MARKDOWN = "Some **bold** text\n\n```python\nprint(1)\n```\n"


@pytest.fixture
def _small_model(site: Site) -> Iterator[None]:
    """One of the models writes little, and says so."""
    rows = Rows(site.values["DATABASE_URL"])
    rows.do(RESIZE, 512, "It is brief.", SMALL)
    yield
    rows.do(RESIZE, 2048, "", SMALL)


def more(person: Person, item: str) -> Locator:
    person.answer.locator("summary", has=person.page.locator("svg")).last.click()
    return person.answer.get_by_role("button", name=item)


def test_about_this_answer(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Hello."))
    person.ask("Hi")
    person.sees_status("complete")
    more(person, "About this answer").click()
    dialog = person.page.get_by_role("dialog", name="About this answer")
    for text in (
        "mistralai/Mistral-7B-Instruct-v0.3",
        "Temperature",
        "Tokens read",
        "7 (exact)",
        "Time to first token",
        "Finish reason",
        "stop",
    ):
        expect(dialog).to_contain_text(text)
    dialog.locator("summary").click()
    expect(dialog).to_contain_text(re.compile(r"Default, v\d"))
    prompt = dialog.locator(".run-details-text").inner_text()
    assert prompt
    assert prompt in upstream.chats[-1].body["messages"][0]["content"]
    person.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(person.answer.locator(".answer-menu > summary")).to_be_focused()


@pytest.mark.parametrize("height", [900, 320])
def test_a_dialog_to_read_is_read_from_its_heading(
    new_person: Callable[..., Person], upstream: UpstreamThread, height: int
) -> None:
    """The focus is where the text begins, however much there is, and goes back to the menu."""
    upstream.script(answer("Answer."))
    person = new_person(viewport={"width": 390, "height": height})
    person.ask("Question")
    person.sees_status("complete")
    person.page.reload()
    expect(person.box).to_be_focused()
    dialog = person.page.get_by_role("dialog", name="About this answer")
    for key in ("Escape", "Enter"):
        more(person, "About this answer").click()
        heading = dialog.get_by_role("heading")
        expect(heading).to_be_focused()
        expect(heading).to_be_in_viewport()
        for place in (dialog.locator("summary"), dialog.get_by_role("button", name="Close")):
            person.page.keyboard.press("Tab")
            expect(place).to_be_focused()
        person.page.keyboard.press(key)
        expect(dialog).to_be_hidden()
        expect(person.answer.locator(".answer-menu > summary")).to_be_focused()


def test_code_is_copied_in_the_readers_language(person: Person, upstream: UpstreamThread) -> None:
    """The HTML of an answer is the same for everybody; it streams, ends and is loaded again."""
    gate = uuid4().hex
    upstream.script(answer(MARKDOWN, Gate(gate), "```sh\nls\n```\n"))
    person.choose_language("de")
    person.page.reload()
    person.page.locator("#composer-text").fill("Code")
    person.page.keyboard.press("Enter")
    copies = person.answer.locator(".code-copy")
    expect(copies).to_have_text(["Kopieren"])
    upstream.release(gate)
    person.sees_status("complete")
    expect(copies).to_have_text(["Kopieren", "Kopieren"])
    person.page.reload()
    expect(copies).to_have_text(["Kopieren", "Kopieren"])


def test_an_opinion_with_a_reason_stays(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("Two and two is five."))
    person.ask("Sum?")
    person.sees_status("complete")
    bad = person.button("Bad answer")
    bad.press("Enter")
    expect(bad).to_have_attribute("aria-pressed", "true")
    expect(bad).to_be_focused()
    reason = person.page.get_by_label("What was wrong? (optional)")
    reason.fill("It is four")
    person.button("Save reason").click()
    expect(reason).to_have_count(0)
    person.page.reload()
    expect(bad).to_have_attribute("aria-pressed", "true")
    with person.page.expect_response("**/feedback/"):
        bad.click()
    expect(bad).to_have_attribute("aria-pressed", "false")


def test_copying(new_person: Callable[..., Person], upstream: UpstreamThread) -> None:
    upstream.script(answer(MARKDOWN))
    person = new_person(permissions=["clipboard-read", "clipboard-write"])
    person.ask("Code please")
    person.sees_status("complete")
    clipboard = "navigator.clipboard.readText()"
    person.answer.locator("[data-copy-message]").click()
    expect(person.page.locator("#live-region")).to_contain_text("Copied.")
    assert person.page.evaluate(clipboard).strip() == MARKDOWN.strip()
    person.answer.locator(".code-copy").click()
    expect(person.page.locator("#live-region p", has_text="Copied.")).to_have_count(2)
    assert person.page.evaluate(clipboard).strip() == "print(1)"
    more(person, "Copy formatted text").click()
    expect(person.page.locator("#live-region p", has_text="Copied.")).to_have_count(3)
    html = person.page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            return (await item.getType("text/html")).text();
        }"""
    )
    assert "<strong>bold</strong>" in html
    assert "<button" not in html
    assert person.page.evaluate(clipboard).split() == ["Some", "bold", "text", "print(1)"]


def test_an_answer_of_another_version_can_be_stopped(
    person: Person, upstream: UpstreamThread
) -> None:
    """The model hangs, and meanwhile the reader goes back to a version in which nobody asked."""
    upstream.script(answer("One."), answer("Two."), answer("Going on", Gate(), "never"))
    person.ask("Say something")
    person.sees("One.")
    person.sees_status("complete")
    person.button("Regenerate").click()
    person.sees("Two.")
    person.sees_status("complete")
    person.ask("And then?")
    person.sees("Going on")
    person.button("Previous version").click()
    person.sees("One.")
    expect(person.page.locator("article")).to_have_count(2)
    for _ in range(2):  # as the page has it, and as a reload has it
        expect(person.button("Stop")).to_be_visible()
        expect(person.button("Send")).to_be_hidden()
        person.page.reload()
    person.button("Stop").click()
    expect(person.button("Send")).to_be_visible()
    expect(person.button("Stop")).to_be_hidden()


def test_what_was_edited_survives_signing_out(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask("First wording")
    person.sees_status("complete")
    person.box.press("ArrowUp")
    editor = person.page.get_by_role("textbox", name="Edit message")
    editor.fill("Second wording")
    person.page.context.clear_cookies(name="chat_session")
    person.button("Send again").click()
    refusal = person.page.locator(".edit-form [data-error]")
    expect(refusal).to_have_text(
        "You are signed out. Sign in to continue. Your text is saved. Sign in", use_inner_text=True
    )
    with person.page.context.expect_page() as opened:
        refusal.get_by_role("link", name="Sign in").click()
    elsewhere = Person(opened.value, person.site, person.email)
    elsewhere.sign_in()
    elsewhere.page.wait_for_url("**/c/*/")
    expect(editor).to_have_value("Second wording")
    person.button("Send again").click()
    person.sees("Two.")
    expect(person.body(person.questions)).to_have_text("Second wording")


def test_a_model_chosen_at_the_start_answers(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("I am a mixture."), answer("Still."))
    menu = person.page.locator("#model-settings > summary")
    menu.click()
    person.page.get_by_label("Model", exact=True).select_option(label="Mixtral 8x7B Instruct")
    person.page.get_by_text("Advanced").click()
    person.page.get_by_label("Temperature").fill("0.1")
    person.ask("Who are you?")
    person.sees_status("complete")
    expect(person.page.locator("#model-label")).to_contain_text("Mixtral 8x7B Instruct")
    sent = upstream.chats[-1].body
    assert sent["model"] == "mistralai/Mixtral-8x7B-Instruct-v0.1"
    assert sent["temperature"] == 0.1


def test_settings_change_from_turn_to_turn(person: Person, upstream: UpstreamThread) -> None:
    upstream.script(answer("One."), answer("Two."))
    person.ask("First")
    person.sees_status("complete")
    menu = person.page.locator("#model-settings > summary")
    menu.click()
    with person.page.expect_response("**/options/"):
        person.page.get_by_label("Model", exact=True).select_option(label="Llama 3 70B")
    expect(person.page.locator("#model-label")).to_contain_text("Llama 3 70B")
    person.page.get_by_text("Advanced").click()
    with person.page.expect_response("**/options/"):
        person.page.get_by_label("Maximum answer length (tokens)").fill("64")
        person.page.keyboard.press("Tab")
    person.page.keyboard.press("Escape")
    person.ask("Second")
    person.sees("Two.")
    sent = upstream.chats[-1].body
    assert sent["model"] == "meta-llama/Meta-Llama-3-70B-Instruct"
    assert sent["max_tokens"] == 64
    person.page.reload()
    expect(person.page.locator("#model-label")).to_contain_text("Llama 3 70B")
    expect(person.page.get_by_label("Maximum answer length (tokens)")).to_have_value("64")


@pytest.mark.parametrize(("typed", "taken"), [("0.33", 0.33), ("3", 2.0)])
def test_any_number_is_taken_in_a_new_chat(
    person: Person, upstream: UpstreamThread, typed: str, taken: float
) -> None:
    upstream.script(answer("Yes."))
    person.page.locator("#model-settings > summary").click()
    person.page.get_by_text("Advanced").click()
    person.page.get_by_label("Temperature").fill(typed)
    person.page.keyboard.press("Escape")
    person.ask("Hello?")
    person.sees("Yes.")
    assert upstream.chats[-1].body["temperature"] == taken
    expect(person.page.locator("#setting-temperature")).to_have_value(str(taken))


@pytest.fixture
def _narrow_ranges(site: Site) -> Iterator[None]:
    """One of the models takes temperatures of 0.2 to 0.5, and a top p of 0.3 to 0.6."""
    rows = Rows(site.values["DATABASE_URL"])
    rows.do(NARROW, 0.2, 0.5, 0.3, 0.6, SMALL)
    yield
    rows.do(NARROW, None, None, None, None, SMALL)


@pytest.mark.usefixtures("_narrow_ranges")
def test_the_ranges_of_a_new_chat_are_those_of_the_chosen_model(
    person: Person,
) -> None:
    person.page.reload()
    person.page.locator("#model-settings > summary").click()
    person.page.get_by_text("Advanced").click()
    temperature, top_p = (
        person.page.locator(f"#setting-{name}") for name in ("temperature", "top-p")
    )
    models = person.page.get_by_label("Model", exact=True)
    chosen = models.input_value()
    temperature.fill("1.7")
    top_p.fill("0.1")
    models.select_option(label=SMALL)
    for field, least, most, value in (
        (temperature, "0.2", "0.5", "0.5"),
        (top_p, "0.3", "0.6", "0.3"),
    ):
        expect(field).to_have_attribute("min", least)
        expect(field).to_have_attribute("max", most)
        expect(field).to_have_value(value)
    models.select_option(chosen)
    expect(temperature).to_have_attribute("max", re.compile("^2(.0)?$"))
    temperature.fill("1.7")
    temperature.blur()
    expect(temperature).to_have_value("1.7")
    assert person.complaints == []


def test_enter_in_a_number_of_a_new_chat_takes_it_and_sends_nothing(person: Person) -> None:
    person.box.fill("Half a quest")
    person.page.locator("#model-settings > summary").click()
    person.page.get_by_text("Advanced").click()
    number = person.page.get_by_label("Top p")
    number.fill("7")
    number.press("Enter")
    expect(number).to_have_value("1")
    expect(number).to_be_focused()
    assert person.page.url == f"{person.site}/"
    expect(person.box).to_have_value("Half a quest")


@pytest.mark.usefixtures("_small_model")
def test_numbers_out_of_range_are_moved_and_block_nothing(
    person: Person, upstream: UpstreamThread
) -> None:
    upstream.script(answer("One."))
    person.ask("First")
    person.sees_status("complete")
    menu = person.page.locator("#model-settings > summary")
    tokens = person.page.get_by_label("Maximum answer length (tokens)")
    menu.click()
    person.page.get_by_text("Advanced").click()
    most = tokens.get_attribute("max") or ""
    for label, typed, taken in (
        ("Temperature", "0.33", "0.33"),
        ("Top p", "7", "1"),
        ("Maximum answer length (tokens)", "3", "16"),
        ("Maximum answer length (tokens)", "1000000", most),
    ):
        with person.page.expect_response("**/options/") as got:
            person.page.get_by_label(label).fill(typed)
            person.page.keyboard.press("Enter")
        assert got.value.status == 200
        expect(person.page.get_by_label(label)).to_have_value(taken)
    # A frame of an earlier change may still be on its way, and show its number for a moment.
    person.page.reload()
    menu.click()
    person.page.get_by_text("Advanced").click()
    expect(tokens).to_have_value(most)
    model = person.page.get_by_label("Model", exact=True)
    model.focus()
    with person.page.expect_response("**/options/"):
        model.select_option(label=SMALL)
    expect(person.page.locator("#model-label")).to_contain_text(SMALL)
    expect(tokens).to_have_value("512")


@pytest.mark.usefixtures("_small_model")
def test_a_model_chosen_for_a_new_chat_is_seen_at_once(person: Person) -> None:
    menu, note = (
        person.page.locator("#model-settings > summary"),
        person.page.locator("#model-note"),
    )
    tokens = person.page.get_by_label("Maximum answer length (tokens)")
    menu.click()
    person.page.get_by_text("Advanced").click()
    before = note.inner_text()
    tokens.fill("3000")
    person.page.get_by_label("Model", exact=True).select_option(label=SMALL)
    expect(person.page.locator("#model-label")).to_contain_text(SMALL)
    expect(note).to_have_text("It is brief.")
    expect(tokens).to_have_attribute("max", "512")
    expect(tokens).to_have_value("512")
    person.page.get_by_label("Model", exact=True).select_option(index=0)
    expect(note).to_have_text(before)


def test_models_that_this_server_cannot_run_are_not_offered(person: Person) -> None:
    person.page.locator("#model-settings > summary").click()
    offered = person.page.get_by_label("Model", exact=True)
    expect(offered).to_contain_text("Mistral 7B")
    expect(offered).not_to_contain_text("BLOOM")


def test_menus_by_keyboard(person: Person, site: Site, upstream: UpstreamThread) -> None:
    upstream.script(answer("Done."))
    person.ask("Work")
    person.sees_status("complete")
    summary = person.answer.locator(".answer-menu > summary")
    summary.press("Enter")
    summary.press("ArrowDown")
    expect(person.button("Copy formatted text")).to_be_focused()
    person.page.keyboard.press("ArrowDown")
    expect(person.button("About this answer")).to_be_focused()
    person.page.keyboard.press("Escape")
    expect(summary).to_be_focused()
