"""What the operator edits, and what stays out of the operator's sight."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import User
from chat.models import (
    ChatModel,
    Chunk,
    Conversation,
    Message,
    PromptVersion,
    Run,
    SystemPrompt,
)
from tests.chat.factories import asked, default_model, run_of, said

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
        "is_default": "on" if prompt.is_default else "",
    }
    ticks = ("enabled", "is_default")
    return {k: v for k, v in (shown | changes).items() if v or k not in ticks}


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
    assert "Version 2 is published: the next answer uses it." in page
    assert published(prompt) == 2
    version = run_of(asked(owner)).prompt_version
    assert version is not None
    assert version.number == 2


def test_save_and_publish_publishes_what_was_just_written(
    staff_client: Client, prompt: SystemPrompt
) -> None:
    page = save(staff_client, prompt, text="Speak like a pirate.", _publish="newest")
    assert (numbers(prompt), published(prompt)) == ([1, 2], 2)
    assert "Version 2 is published" in page.content.decode()
    assert "after you publish it" not in page.content.decode()


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
    plain = {"name": "Pirate", "text": "Arr.", "note": "", "enabled": "on"}
    return client.post(f"{PROMPTS}add/", plain | values, follow=True)


def test_a_new_prompt_begins_with_version_one_unpublished(staff_client: Client) -> None:
    added(staff_client)
    made = SystemPrompt.objects.get(name="Pirate")
    assert (numbers(made), made.published, made.is_default) == ([1], None, False)


def test_the_default_moves(staff_client: Client, prompt: SystemPrompt) -> None:
    added(staff_client, is_default="on")
    assert SystemPrompt.objects.get(is_default=True).name == "Pirate"
    save(staff_client, prompt, is_default="on")
    assert SystemPrompt.objects.get(is_default=True) == prompt


def test_the_default_cannot_just_go(staff_client: Client, prompt: SystemPrompt) -> None:
    page = save(staff_client, prompt, is_default="").content.decode()
    assert "Make another prompt the default instead." in page
    prompt.refresh_from_db()
    assert prompt.is_default


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
        ({"max_output": "32768"}, "must fit into the context window"),
        ({"max_output": "0"}, "greater than or equal to 1"),
        ({"max_output": "-1"}, "greater than or equal to"),
        ({"context_window": "99999999999"}, "less than or equal to"),
        ({"temperature": "2.5"}, "less than or equal to 2"),
        ({"temperature": "nan"}, "Enter a number"),
        ({"top_p": "0"}, "greater than or equal to 0.01"),
        ({"kind": "image"}, "not one of the available choices"),
        ({"repo_id": "openai-community/gpt2"}, "already exists"),
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
    known = {"prompt": prompt.pk, "model": default_model().pk, "user": staff.pk}
    response = staff_client.get("/admin/" + path.format(**known))
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "script-src 'self'; style-src 'self'" in policy
    html = response.content.decode()
    for what, pattern in INLINE.items():
        assert not re.findall(pattern, html), what
