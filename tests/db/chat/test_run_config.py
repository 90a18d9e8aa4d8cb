"""What makes an answer, recorded with it: model, prompt version, values; and titles."""

from uuid import uuid4

import pytest

from accounts.models import User
from chat.errors import ChatError
from chat.models import ChatModel, Conversation, Message, PromptVersion, Run, SystemPrompt
from chat.services import system_prompts, turns
from tests.support.factories import PROCESS, asked, default_model, end, run_of, said

pytestmark = pytest.mark.django_db


# What makes an answer
def test_a_run_records_what_makes_it(owner: User) -> None:
    run = Run.objects.get(pk=run_of(asked(owner)).pk)
    model = default_model()
    assert run.prompt_version == PromptVersion.objects.get()
    assert (run.model, run.repo_id, run.max_tokens) == (model, model.repo_id, model.max_output)
    assert (run.temperature, run.top_p, run.frequency_penalty) == (0.7, 0.95, None)


def test_earlier_runs_keep_the_version_that_made_them(owner: User) -> None:
    turn = asked(owner)
    end(turn)
    prompt = SystemPrompt.objects.get()
    system_prompts.save_version(prompt, "Speak like a pirate.", "", None)
    same = turns.regenerate(owner, turn.answer.pk, PROCESS)
    end(same)
    system_prompts.publish(prompt, 2)
    next_one = turns.regenerate(owner, turn.answer.pk, PROCESS)
    numbers = [
        Run.objects.get(pk=run_of(made).pk).prompt_version for made in (turn, same, next_one)
    ]
    assert [version.number for version in numbers if version] == [1, 1, 2]


def test_a_model_of_its_own_answers_while_it_is_offered(owner: User) -> None:
    conversation = said(owner)
    own = ChatModel.objects.get(repo_id="meta-llama/Meta-Llama-3-70B-Instruct")
    Conversation.objects.update(model=own)
    turn = turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS)
    assert run_of(turn).model == own
    end(turn)
    ChatModel.objects.filter(pk=own.pk).update(enabled=False)
    turn = turns.send(owner, conversation.pk, uuid4(), "And?", PROCESS)
    assert run_of(turn).model == default_model()


def test_without_its_default_the_first_model_of_the_catalogue_answers(owner: User) -> None:
    ChatModel.objects.filter(is_default=True).update(enabled=False)
    run = run_of(asked(owner))
    assert run.model is not None
    assert run.model.label == "Llama 3 70B"


def test_without_any_model_nothing_is_written(owner: User) -> None:
    ChatModel.objects.update(enabled=False)
    with pytest.raises(ChatError) as refused:
        asked(owner)
    assert (refused.value.code, refused.value.status) == ("not_configured", 503)
    assert (Conversation.objects.count(), Message.objects.count()) == (0, 0)


def own_prompt(conversation: Conversation) -> SystemPrompt:
    prompt = SystemPrompt.objects.create(name="Pirate")
    system_prompts.save_version(prompt, "Arr.", "", None)
    system_prompts.publish(prompt, 1)
    Conversation.objects.update(prompt=prompt)
    return prompt


def text_used(owner: User, conversation: Conversation) -> str:
    turn = turns.send(owner, conversation.pk, uuid4(), "More?", PROCESS)
    end(turn)
    version = run_of(turn).prompt_version
    return version.text if version else "(none)"


def test_a_prompt_of_its_own_makes_the_answers(owner: User) -> None:
    conversation = said(owner)
    own_prompt(conversation)
    assert text_used(owner, conversation) == "Arr."


@pytest.mark.parametrize("change", [{"enabled": False}, {"published": None}])
def test_a_prompt_that_is_gone_gives_way_to_the_default(
    owner: User, change: dict[str, object]
) -> None:
    conversation = said(owner)
    prompt = own_prompt(conversation)
    SystemPrompt.objects.filter(pk=prompt.pk).update(**change)
    assert text_used(owner, conversation).startswith("You are a friendly")


def test_the_default_prompt_is_used_even_if_nobody_may_choose_it(owner: User) -> None:
    conversation = said(owner)
    SystemPrompt.objects.update(enabled=False)
    assert text_used(owner, conversation).startswith("You are a friendly")


# Titles
@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Why is the sky blue?", "Why is the sky blue?"),
        ("\n\n  Why   so\tblue? \nMore of it", "Why so blue?"),
        ("\u200b\u200b\nSecond line", "Second line"),
        ("word " * 40, "word word word word word word word word word word word…"),
        ("x" * 100, "x" * 59 + "…"),
        ("well, " + "x" * 100, "well, " + "x" * 53 + "…"),
    ],
)
def test_a_title_comes_from_the_first_line(owner: User, text: str, title: str) -> None:
    assert asked(owner, text).conversation.title == title


def test_a_later_question_leaves_the_title(owner: User) -> None:
    conversation = said(owner, "One?", "Two?")
    assert conversation.title == "One?"
