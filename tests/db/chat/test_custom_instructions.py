"""Custom instructions: when they are sent, and that each answer knows what was sent."""

from uuid import uuid4

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import User
from chat.errors import ChatError
from chat.forms import parse_settings
from chat.llm.prompt import INSTRUCTIONS_HEADING, system_text
from chat.models import ChatPreferences, Conversation, PromptVersion, Run
from chat.selectors.context_usage import measure_context
from chat.selectors.run_config import load_run_config
from chat.services import chat_preferences, system_prompts, turns
from tests.db.chat.test_settings_page import prompt_named
from tests.support.factories import PROCESS, asked, default_model, end, run_of, said

pytestmark = pytest.mark.django_db


def used(owner: User, conversation: Conversation) -> str:
    """The instructions of the next answer."""
    turn = turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS)
    end(turn)
    return Run.objects.get(pk=run_of(turn).pk).instructions


# The system message
@pytest.mark.parametrize(
    ("prompt", "instructions", "text"),
    [
        ("Be kind.", "", "Be kind."),
        ("Be kind.\n", "Be brief.", f"Be kind.\n\n{INSTRUCTIONS_HEADING}\nBe brief."),
        ("", "Be brief.", f"{INSTRUCTIONS_HEADING}\nBe brief."),
        ("", "", ""),
        ("Be kind.\n", " \u200b", "Be kind.\n"),
    ],
)
def test_instructions_follow_the_prompt(prompt: str, instructions: str, text: str) -> None:
    assert system_text(prompt, instructions) == text


# When they apply
def test_without_instructions_nothing_is_sent(owner: User, stranger: User) -> None:
    chat_preferences.save_instructions(stranger, "Not mine.")
    assert run_of(asked(owner)).instructions == ""
    assert load_run_config(said(owner)).system == PromptVersion.objects.get().text


def test_each_run_records_the_text_that_it_used(owner: User) -> None:
    conversation = said(owner)
    chat_preferences.save_instructions(owner, "Be brief.")
    assert used(owner, conversation) == "Be brief."
    chat_preferences.save_instructions(owner, "Be long.")
    assert used(owner, conversation) == "Be long."
    chat_preferences.save_instructions(owner, "")
    assert used(owner, conversation) == ""
    runs = Run.objects.filter(conversation=conversation).order_by("created_at")
    assert [run.instructions for run in runs] == ["", "Be brief.", "Be long.", ""]


def test_they_can_be_off_for_a_conversation(owner_client: Client, owner: User) -> None:
    chat_preferences.save_instructions(owner, "Be brief.")
    conversation, other = said(owner), said(owner)
    path = f"/c/{conversation.pk}/options/"
    assert owner_client.post(path, {"instructions": "off"}).status_code == 302
    assert (used(owner, conversation), used(owner, other)) == ("", "Be brief.")
    # A page that was open before the instructions were written has no such field.
    assert owner_client.post(path, {}).status_code == 302
    assert used(owner, conversation) == ""
    assert owner_client.post(path, {"instructions": "on"}).status_code == 302
    assert used(owner, conversation) == "Be brief."
    assert owner_client.post(path, {"instructions": "maybe"}).status_code == 400


def test_they_can_be_off_in_a_new_chat(owner: User) -> None:
    chat_preferences.save_instructions(owner, "Be brief.")
    choices = parse_settings(QueryDict("instructions=off"))
    turn = turns.start_conversation(owner, uuid4(), "Why?", PROCESS, choices)
    assert run_of(turn).instructions == ""
    assert Conversation.objects.get().uses_instructions is False


@pytest.mark.parametrize("who", ["stranger_client", "staff_client"])
def test_others_cannot_switch_them(request: pytest.FixtureRequest, owner: User, who: str) -> None:
    conversation = said(owner)
    client: Client = request.getfixturevalue(who)
    path = f"/c/{conversation.pk}/options/"
    assert client.post(path, {"instructions": "off"}).status_code == 404
    assert Conversation.objects.get(pk=conversation.pk).uses_instructions is True


def test_the_choice_is_shown_only_to_those_who_have_instructions(
    owner_client: Client, owner: User
) -> None:
    conversation = said(owner)
    path, field = f"/c/{conversation.pk}/", 'name="instructions"'
    assert field not in owner_client.get(path).content.decode()
    assert field not in owner_client.get("/").content.decode()
    chat_preferences.save_instructions(owner, "Be brief.")
    Conversation.objects.filter(pk=conversation.pk).update(uses_instructions=False)
    html = owner_client.get(path).content.decode()
    assert '<option value="off" selected>' in html
    assert '<option value="on" selected>' in owner_client.get("/").content.decode()


# What they cost
def test_they_count_in_the_window(owner: User) -> None:
    conversation = said(owner)
    before = measure_context(conversation)
    chat_preferences.save_instructions(owner, "Be brief. " * 50)
    after = measure_context(conversation)
    assert before is not None
    assert after is not None
    assert after.used > before.used + 50
    assert (before.instructions, after.instructions[:9]) == ("", "Be brief.")


def test_a_question_must_fit_beside_them(owner: User) -> None:
    conversation, model = said(owner), default_model()
    type(model).objects.filter(pk=model.pk).update(context_window=600, max_output=100)
    text = "word " * 300
    turn = turns.send(owner, conversation.pk, uuid4(), text, PROCESS)
    end(turn)
    chat_preferences.save_instructions(owner, "Be brief, please. " * 50)
    with pytest.raises(ChatError) as refused:
        turns.send(owner, conversation.pk, uuid4(), text, PROCESS)
    assert refused.value.code == "question_too_long"


def test_the_meter_names_them(owner_client: Client, owner: User) -> None:
    conversation, sentence = said(owner), "Includes your custom instructions"
    path = f"/c/{conversation.pk}/"
    assert sentence not in owner_client.get(path).content.decode()
    chat_preferences.save_instructions(owner, "Be brief.")
    assert owner_client.get(path).content.decode().count(sentence) == 1


# About this answer
def test_an_answer_names_the_instructions_that_made_it(owner_client: Client, owner: User) -> None:
    chat_preferences.save_instructions(owner, "Use <rhymes>.")
    turn = asked(owner)
    end(turn)
    chat_preferences.save_instructions(owner, "Something else.")
    path = f"/m/{turn.answer.pk}/about/"
    html = owner_client.get(path).content.decode()
    assert "<dt>Custom instructions</dt><dd>used</dd>" in html
    assert "Use &lt;rhymes&gt;." in html
    assert "Something else." not in html


def test_an_answer_without_says_so(owner_client: Client, owner: User) -> None:
    turn = asked(owner)
    end(turn)
    html = owner_client.get(f"/m/{turn.answer.pk}/about/").content.decode()
    assert "<dt>Custom instructions</dt><dd>none</dd>" in html
    assert "Custom instructions text" not in html


# The default prompt: exactly one applies
def text_used(owner: User, conversation: Conversation) -> str:
    turn = turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS)
    end(turn)
    version = run_of(turn).prompt_version
    return version.text if version else "(none)"


def test_the_own_prompt_goes_before_the_default_and_that_before_the_sites(owner: User) -> None:
    conversation = said(owner)
    site_text = text_used(owner, conversation)
    pirate, poet = prompt_named("Pirate"), prompt_named("Poet")
    chat_preferences.save_defaults(owner, None, pirate)
    assert text_used(owner, conversation) == "You are Pirate."
    Conversation.objects.update(prompt=poet)
    assert text_used(owner, conversation) == "You are Poet."
    type(poet).objects.filter(pk=poet.pk).update(enabled=False)
    assert text_used(owner, conversation) == "You are Pirate."
    type(pirate).objects.filter(pk=pirate.pk).update(enabled=False)
    assert text_used(owner, conversation) == site_text


def test_a_default_prompt_that_is_the_sites_own(owner: User) -> None:
    conversation = said(owner)
    site_prompt = system_prompts.usable_prompts().get(is_default=True)
    pirate = prompt_named("Pirate")
    chat_preferences.save_defaults(owner, None, pirate)
    Conversation.objects.update(prompt=site_prompt)
    assert text_used(owner, conversation) == PromptVersion.objects.get(prompt=site_prompt).text


def test_what_is_saved_is_the_persons_alone(owner: User, stranger: User) -> None:
    chat_preferences.save_defaults(owner, default_model(), prompt_named("Pirate"))
    assert load_run_config(said(stranger)).version == PromptVersion.objects.get(
        prompt__is_default=True
    )
    assert ChatPreferences.objects.get().user == owner
