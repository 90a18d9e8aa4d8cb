"""What the operator edits, and what stays out of the operator's sight."""

import re
from html.parser import HTMLParser
from threading import Event
from typing import Any

import pytest
from django.contrib import admin
from django.db import transaction
from django.test import Client

from accounts.models import User
from chat.models import (
    ChatModel,
    Chunk,
    Connection,
    Conversation,
    Message,
    PromptVersion,
    Run,
    SystemPrompt,
)
from chat.services import system_prompts
from tests.fake_llm import closed_port
from tests.support.factories import asked, default_model, run_of, said
from tests.support.polling import wait_for_blocked
from tests.support.threads import together

pytestmark = pytest.mark.django_db

PROMPTS = "/admin/chat/systemprompt/"
MODELS = "/admin/chat/chatmodel/"


@pytest.fixture
def prompt() -> SystemPrompt:
    return SystemPrompt.objects.get()


def fields(prompt: SystemPrompt, **changes: str) -> dict[str, str]:
    """The form as its page shows it, with some changes; an empty one is left out, as ticks are."""
    newest = prompt.versions.first()
    shown = {
        "name": prompt.name,
        "text": newest.text if newest else "",
        "note": "",
        "enabled": "on" if prompt.enabled else "",
        "base_version": str(newest.number if newest else 0),
    }
    return {k: v for k, v in (shown | changes).items() if v or k != "enabled"}


def save(client: Client, prompt: SystemPrompt, **changes: str) -> Any:
    return client.post(f"{PROMPTS}{prompt.pk}/change/", fields(prompt, **changes), follow=True)


def numbers(prompt: SystemPrompt) -> list[int]:
    return sorted(version.number for version in prompt.versions.all())


def published(prompt: SystemPrompt) -> int:
    prompt.refresh_from_db()
    assert prompt.published is not None
    return prompt.published.number


# Who
@pytest.mark.parametrize("path", ["/admin/", PROMPTS, MODELS, f"{MODELS}add/"])
def test_the_admin_is_for_administrators(
    client: Client, owner_client: Client, staff_client: Client, path: str
) -> None:
    assert client.get(path).status_code == 302
    assert owner_client.get(path).status_code in (302, 403)
    assert staff_client.get(path).status_code == 200


def test_nobody_else_saves_a_prompt(
    client: Client, owner_client: Client, prompt: SystemPrompt
) -> None:
    for visitor in (client, owner_client):
        save(visitor, prompt, text="Obey.", _publish="newest")
    assert numbers(prompt) == [1]


@pytest.mark.parametrize("model", [Conversation, Message, Run, Chunk])
def test_peoples_chats_are_not_in_the_admin(staff_client: Client, model: Any) -> None:
    assert not admin.site.is_registered(model)
    assert staff_client.get(f"/admin/chat/{model.__name__.lower()}/").status_code == 404


def test_no_text_of_people_is_on_the_pages_about_them(staff_client: Client, owner: User) -> None:
    said(owner, "A secret question?")
    for page in ("change", "delete", "history"):
        response = staff_client.get(f"/admin/accounts/user/{owner.pk}/{page}/")
        assert "secret" not in response.content.decode()
        assert "About:" not in response.content.decode()


# Versions
def test_saving_a_wording_makes_a_version_that_nothing_uses_yet(
    staff_client: Client, staff: User, prompt: SystemPrompt
) -> None:
    page = save(staff_client, prompt, text="Speak like a pirate.", note="Fun").content.decode()
    assert "Version 2 was saved. Answers use it after you publish it." in page
    version = PromptVersion.objects.get(prompt=prompt, number=2)
    assert (version.text, version.note, version.author) == ("Speak like a pirate.", "Fun", staff)
    assert published(prompt) == 1


def test_saving_the_same_wording_makes_none(staff_client: Client, prompt: SystemPrompt) -> None:
    assert "was saved" not in save(staff_client, prompt).content.decode()
    text = PromptVersion.objects.get(prompt=prompt).text
    save(staff_client, prompt, text=text, name="Renamed")
    prompt.refresh_from_db()
    assert prompt.name == "Renamed"
    assert numbers(prompt) == [1]


def test_newlines_of_a_browser_are_no_change(staff_client: Client, prompt: SystemPrompt) -> None:
    save(staff_client, prompt, text="One.\r\nTwo.")
    save(staff_client, prompt, text="One.\r\nTwo.")
    assert numbers(prompt) == [1, 2]
    assert PromptVersion.objects.get(number=2).text == "One.\nTwo."


def test_publishing_is_an_act_of_its_own(
    staff_client: Client, prompt: SystemPrompt, owner: User
) -> None:
    save(staff_client, prompt, text="Speak like a pirate.")
    page = save(staff_client, prompt, _publish="2").content.decode()
    assert "Version 2 is now published. New answers use it." in page
    assert published(prompt) == 2
    version = run_of(asked(owner)).prompt_version
    assert version is not None
    assert version.number == 2


def test_save_and_publish_publishes_what_was_just_written(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    page = save(staff_client, prompt, text="Speak like a pirate.", _publish="newest")
    assert (numbers(prompt), published(prompt)) == ([1, 2], 2)
    assert "Version 2 is now published" in page.content.decode()
    assert "after you publish it" not in page.content.decode()


class Buttons(HTMLParser):
    """What submits each form, in the order of the page: (form, name, value)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str]] = []
        self.form = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = values.get("id", "")
        elif values.get("type") == "submit":
            form = values.get("form", self.form)
            self.found.append((form, values.get("name", ""), values.get("value", "")))


def test_enter_in_a_field_saves_and_publishes_nothing(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    save(staff_client, prompt, text="A draft.")
    page = staff_client.get(f"{PROMPTS}{prompt.pk}/change/").content.decode()
    found = Buttons(page).found
    names = [name for form, name, _ in found if form == "systemprompt_form"]
    assert (names[0], names[-1]) == ("_save", "_publish")
    assert [button for button in found if button[0] == "publish"] == [("publish", "_publish", "2")]
    assert '<form id="publish" method="post">' in page


def test_publishing_a_version_leaves_the_rest_of_the_page_alone(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    save(staff_client, prompt, text="Two.")
    save(staff_client, prompt, text="Unfinished.", name="Renamed", _publish="2")
    prompt.refresh_from_db()
    assert (numbers(prompt), published(prompt), prompt.name) == ([1, 2], 2, "Default")
    history = staff_client.get(f"{PROMPTS}{prompt.pk}/history/").content.decode()
    assert "Changed published version." in history


def test_publishing_needs_the_right_to_change(client: Client, prompt: SystemPrompt) -> None:
    save(client, prompt, text="Two.")
    reader = User.objects.create_user("reader@example.org", is_staff=True)
    client.force_login(reader)
    page = f"{PROMPTS}{prompt.pk}/change/"
    assert client.post(page, {"_publish": "1"}).status_code == 403
    client.force_login(User.objects.create_superuser("root@example.org"))
    gone = f"{PROMPTS}01900000-0000-7000-8000-000000000009/change/"
    assert client.post(gone, {"_publish": "1"}).status_code == 404


# Two administrators
@pytest.fixture
def old_page(staff_client: Client, prompt: SystemPrompt) -> dict[str, str]:
    """What a page holds that was opened before somebody published version 2."""
    page = fields(prompt)
    save(staff_client, prompt, text="Newer.", _publish="newest")
    return page


def post(client: Client, prompt: SystemPrompt, page: dict[str, str]) -> Any:
    return client.post(f"{PROMPTS}{prompt.pk}/change/", page, follow=True)


def test_an_old_page_does_not_take_back_what_came_meanwhile(
    staff_client: Client, prompt: SystemPrompt, old_page: dict[str, str]
) -> None:
    page = post(staff_client, prompt, old_page | {"name": "Renamed", "_publish": "newest"})
    assert (
        "Someone else saved version 2 in the meantime, so nothing was published."
        in page.content.decode()
    )
    assert (numbers(prompt), published(prompt), prompt.name) == ([1, 2], 2, "Renamed")
    history = staff_client.get(f"{PROMPTS}{prompt.pk}/history/").content.decode()
    assert "Changed Name." in history


def test_an_old_page_publishes_no_draft_that_it_does_not_show(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    page = fields(prompt)
    save(staff_client, prompt, text="An unreviewed draft.")
    post(staff_client, prompt, page | {"_publish": "newest"})
    assert (numbers(prompt), published(prompt)) == ([1, 2], 1)


def test_another_text_of_an_old_page_is_kept_and_saved_when_asked_again(
    staff_client: Client, prompt: SystemPrompt, old_page: dict[str, str]
) -> None:
    page = old_page | {"text": "Mine.", "_publish": "newest"}
    html = post(staff_client, prompt, page).content.decode()
    assert "Someone else saved version 2 in the meantime. Compare it with your text" in html
    assert "Mine.</textarea>" in html
    assert re.search(r'<input type="hidden" name="base_version" value="2"', html)
    assert (numbers(prompt), published(prompt)) == ([1, 2], 2)
    post(staff_client, prompt, page | {"base_version": "2"})
    assert (numbers(prompt), published(prompt)) == ([1, 2, 3], 3)


def test_the_same_text_from_two_pages_is_one_version(
    staff_client: Client, prompt: SystemPrompt, old_page: dict[str, str]
) -> None:
    post(staff_client, prompt, old_page | {"text": "Newer.", "_publish": "newest"})
    assert (numbers(prompt), published(prompt)) == ([1, 2], 2)


def test_of_two_who_save_at_once_the_second_is_told(
    committed: None, staff_client: Client, staff: User
) -> None:
    prompt = SystemPrompt.objects.get()
    held, page = Event(), fields(prompt, text="Mine.")

    def colleague() -> None:
        with transaction.atomic():
            system_prompts.lock_newest_version(prompt)
            held.set()
            wait_for_blocked(1)
            system_prompts.save_version(prompt, "Newer.", "", None)

    def second() -> Any:
        assert held.wait(10)
        return post(staff_client, prompt, page)

    _, response = together(colleague, second)
    assert "Someone else saved version 2 in the meantime." in response.content.decode()
    assert numbers(prompt) == [1, 2]


@pytest.mark.parametrize("base_version", ["", "7", "x", "-1", "9" * 40])
def test_a_page_that_names_no_version_changes_no_text(
    staff_client: Client, prompt: SystemPrompt, base_version: str
) -> None:
    save(staff_client, prompt, text="Mine.", base_version=base_version)
    assert numbers(prompt) == [1]


def test_an_earlier_version_can_be_published_again(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    save(staff_client, prompt, text="Two.", _publish="newest")
    save(staff_client, prompt, _publish="1")
    assert (numbers(prompt), published(prompt)) == ([1, 2], 1)


@pytest.mark.parametrize("number", ["0", "7", "x", "-1", "9" * 40, "1.0", "²"])
def test_a_version_that_is_not_there_is_not_published(
    staff_client: Client, prompt: SystemPrompt, number: str
) -> None:
    page = save(staff_client, prompt, _publish=number).content.decode()
    assert "There is no such version." in page
    assert published(prompt) == 1


def test_the_page_lists_the_versions(staff_client: Client, prompt: SystemPrompt) -> None:
    save(staff_client, prompt, text="<script>alert(1)</script>", note="<b>")
    page = staff_client.get(f"{PROMPTS}{prompt.pk}/change/").content.decode()
    assert "Publish v2" in page
    assert "Publish v1" not in page
    assert "<script>alert" not in page
    assert "staff@example.org" in page


@pytest.mark.parametrize("text", ["a\x00b", "x" * 20_001])
def test_a_wording_that_cannot_be_stored_is_refused(
    staff_client: Client, prompt: SystemPrompt, text: str
) -> None:
    response = save(staff_client, prompt, text=text)
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert numbers(prompt) == [1]


def test_a_prompt_is_not_deleted(staff_client: Client, prompt: SystemPrompt) -> None:
    assert staff_client.post(f"{PROMPTS}{prompt.pk}/delete/", {"post": "yes"}).status_code == 403
    page = staff_client.get(PROMPTS).content.decode()
    assert "delete_selected" not in page


# The default
def added(client: Client, **values: str) -> Any:
    plain = {"name": "Pirate", "text": "Arr.", "note": "", "enabled": "on", "base_version": "0"}
    return client.post(f"{PROMPTS}add/", plain | values, follow=True)


def test_a_new_prompt_begins_with_version_one_unpublished(staff_client: Client) -> None:
    added(staff_client)
    made = SystemPrompt.objects.get(name="Pirate")
    assert (numbers(made), made.published, made.is_default) == ([1], None, False)


def make_default(client: Client, *prompts: SystemPrompt) -> str:
    """Run the action, and return the page that it leads to."""
    keys = [str(prompt.pk) for prompt in prompts]
    data = {"action": "make_default", "_selected_action": keys}
    page: str = client.post(PROMPTS, data, follow=True).content.decode()
    return page


def test_the_default_moves_by_an_action(staff_client: Client, prompt: SystemPrompt) -> None:
    added(staff_client, _publish="newest")
    other = SystemPrompt.objects.get(name="Pirate")
    assert "New conversations use this prompt." in make_default(staff_client, other)
    assert SystemPrompt.objects.get(is_default=True) == other
    make_default(staff_client, prompt)
    assert SystemPrompt.objects.get(is_default=True) == prompt


def test_two_prompts_cannot_both_be_the_default(staff_client: Client, prompt: SystemPrompt) -> None:
    added(staff_client, _publish="newest")
    page = make_default(staff_client, prompt, SystemPrompt.objects.get(name="Pirate"))
    assert "Select exactly one prompt." in page
    assert SystemPrompt.objects.get(is_default=True) == prompt


def test_the_form_neither_gives_nor_takes_the_default(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    added(staff_client, is_default="on", _publish="newest")
    other = SystemPrompt.objects.get(name="Pirate")
    save(staff_client, other, is_default="on")
    save(staff_client, prompt, is_default="")
    assert SystemPrompt.objects.get(is_default=True) == prompt
    assert 'name="is_default"' not in staff_client.get(f"{PROMPTS}add/").content.decode()


def test_a_prompt_is_published_before_it_is_the_default(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    added(staff_client)
    other = SystemPrompt.objects.get(name="Pirate")
    page = make_default(staff_client, other)
    assert "Publish this prompt before you make it the default." in page
    assert SystemPrompt.objects.get(is_default=True) == prompt
    save(staff_client, other, _publish="newest")
    make_default(staff_client, other)
    assert SystemPrompt.objects.get(is_default=True) == other
    assert published(other) == 1


def test_the_default_prompt_is_not_switched_off(staff_client: Client, prompt: SystemPrompt) -> None:
    page = save(staff_client, prompt, enabled="").content.decode()
    assert "Choose another default prompt first." in page
    prompt.refresh_from_db()
    assert (prompt.enabled, prompt.is_default) == (True, True)


def test_a_disabled_prompt_is_not_made_the_default(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    added(staff_client, _publish="newest")
    other = SystemPrompt.objects.get(name="Pirate")
    save(staff_client, other, enabled="")
    page = make_default(staff_client, other)
    assert "Enable this prompt before you make it the default." in page
    assert SystemPrompt.objects.get(is_default=True) == prompt


def test_a_new_prompt_can_be_published_at_once(staff_client: Client) -> None:
    response = added(staff_client, _publish="newest")
    made = SystemPrompt.objects.get(name="Pirate")
    assert (numbers(made), published(made)) == ([1], 1)
    assert response.redirect_chain == [(f"{PROMPTS}{made.pk}/change/", 302)]
    assert "Version 1 is now published" in response.content.decode()


NO_ROOM = "has no room for a question with the prompt"


def test_a_published_prompt_that_fills_a_window_is_told(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    long = "word " * 3000
    assert NO_ROOM not in save(staff_client, prompt, text=long).content.decode()
    page = save(staff_client, prompt, _publish="2").content.decode()
    assert f"GPT-2 {NO_ROOM} “Default”" in page
    assert f"Mistral 7B Instruct v0.3 {NO_ROOM}" not in page
    page = save(staff_client, prompt, text=f"{long}more", _publish="newest").content.decode()
    assert f"GPT-2 {NO_ROOM} “Default”" in page


def test_names_are_taken_once(staff_client: Client) -> None:
    assert "already exists" in added(staff_client, name="Default").content.decode()


# Models
def model_fields(model: ChatModel, **changes: str) -> dict[str, str]:
    names = (
        *("label", "repo_id", "kind", "note", "position", "context_window", "max_output"),
        *("tokenizer", "temperature", "top_p", "frequency_penalty"),
    )
    shown = {name: str(getattr(model, name)) for name in names}
    return shown | {"enabled": "on"} | changes


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"max_output": "32768"}, "Leave at least 256 tokens of the context window"),
        ({"max_output": "32513"}, "Leave at least 256 tokens of the context window"),
        ({"context_window": "400", "max_output": "301"}, "Leave at least 100 tokens"),
        ({"max_output": "0"}, "greater than or equal to 1"),
        ({"max_output": "-1"}, "greater than or equal to"),
        ({"context_window": "99999999999"}, "less than or equal to"),
        ({"temperature": "2.5"}, "less than or equal to 2"),
        ({"temperature": "nan"}, "Enter a number"),
        ({"top_p": "0"}, "greater than or equal to 0.01"),
        ({"kind": "image"}, "not one of the available choices"),
        ({"repo_id": "openai-community/gpt2"}, "already has a model of this name"),
        ({"repo_id": ""}, "required"),
    ],
)
def test_a_model_that_cannot_be_is_refused(
    staff_client: Client, change: dict[str, str], sentence: str
) -> None:
    model = default_model()
    response = staff_client.post(f"{MODELS}{model.pk}/change/", model_fields(model, **change))
    assert response.status_code == 200
    assert sentence in response.content.decode()


def test_a_model_is_changed(staff_client: Client) -> None:
    model = default_model()
    data = model_fields(model, temperature="0.2", max_output="512")
    assert staff_client.post(f"{MODELS}{model.pk}/change/", data).status_code == 302
    model.refresh_from_db()
    assert (model.temperature, model.max_output, model.is_default) == (0.2, 512, True)


def test_a_model_that_the_prompt_fills_is_told(staff_client: Client, prompt: SystemPrompt) -> None:
    save(staff_client, prompt, text="word " * 500, _publish="newest")
    model = default_model()
    change = model_fields(model, context_window="1024", max_output="768")
    url = f"{MODELS}{model.pk}/change/"
    page = staff_client.post(url, change, follow=True).content.decode()
    assert f"{model.label} {NO_ROOM} “Default”" in page
    ChatModel.objects.filter(pk=model.pk).update(is_default=False)
    del change["enabled"]
    assert NO_ROOM not in staff_client.post(url, change, follow=True).content.decode()


def test_the_default_model_is_not_switched_off(staff_client: Client) -> None:
    model = default_model()
    off = model_fields(model)
    del off["enabled"]
    page = staff_client.post(f"{MODELS}{model.pk}/change/", off).content.decode()
    assert "Choose another default model first." in page
    assert default_model().enabled


def test_the_default_model_moves_by_an_action(staff_client: Client) -> None:
    other = ChatModel.objects.get(repo_id="bigscience/bloom")
    ChatModel.objects.filter(pk=other.pk).update(enabled=False)
    data = {"action": "make_default", "_selected_action": [str(other.pk)]}
    assert staff_client.post(MODELS, data).status_code == 302
    other.refresh_from_db()
    assert (default_model(), other.enabled) == (other, True)


def test_two_models_cannot_both_be_the_default(staff_client: Client) -> None:
    before = default_model()
    keys = [str(key) for key in ChatModel.objects.values_list("pk", flat=True)[:2]]
    data = {"action": "make_default", "_selected_action": keys}
    page = staff_client.post(MODELS, data, follow=True).content.decode()
    assert "Select exactly one model." in page
    assert default_model() == before


def test_a_deleted_model_leaves_what_it_made(staff_client: Client, owner: User) -> None:
    run = run_of(asked(owner))
    model = default_model()
    response = staff_client.post(f"{MODELS}{model.pk}/delete/", {"post": "yes"})
    assert response.status_code == 302
    run.refresh_from_db()
    assert (run.model, run.repo_id) == (None, "mistralai/Mistral-7B-Instruct-v0.3")


def test_what_goes_with_a_person_has_names(staff_client: Client, owner: User) -> None:
    said(owner)
    page = staff_client.get(f"/admin/accounts/user/{owner.pk}/delete/").content.decode()
    assert "Search entries" in page
    assert "entrys" not in page


# Content security
INLINE = {
    "script": r"<script(?![^>]*\ssrc=)(?![^>]*type=\"(?:application/json|text/x-)[^>]*)[^>]*>",
    "style": r"<style|\sstyle=",
    "handler": r"<[a-z][^>]*\son[a-z]+=",
    "address": r"(?:href|src|action)=\"\s*javascript:",
    "foreign": r"(?:src|href)=\"(?:https?:)?//(?!www\.djangoproject)",
}


@pytest.mark.parametrize(
    "path",
    [
        "",
        "chat/",
        "chat/systemprompt/",
        "chat/systemprompt/add/",
        "chat/systemprompt/{prompt}/change/",
        "chat/systemprompt/{prompt}/history/",
        "chat/chatmodel/",
        "chat/chatmodel/?q=mistral&enabled__exact=1",
        "chat/connection/",
        "chat/connection/add/",
        "chat/connection/{connection}/change/",
        "chat/connection/{connection}/offer/",
        "chat/chatmodel/add/",
        "chat/chatmodel/{model}/change/",
        "chat/chatmodel/{model}/delete/",
        "accounts/user/",
        "accounts/user/add/",
        "accounts/user/{user}/change/",
        "accounts/user/{user}/password/",
        "accounts/user/{user}/delete/",
        "password_change/",
    ],
)
def test_no_admin_page_needs_what_the_policy_forbids(
    staff_client: Client, staff: User, prompt: SystemPrompt, path: str
) -> None:
    address = f"http://127.0.0.1:{closed_port()}/v1"
    connection = Connection.objects.create(name="Workshop", address=address)
    known = {
        "connection": connection.pk,
        "prompt": prompt.pk,
        "model": default_model().pk,
        "user": staff.pk,
    }
    response = staff_client.get("/admin/" + path.format(**known))
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    html = response.content.decode()
    for what, pattern in INLINE.items():
        assert not re.findall(pattern, html), what
