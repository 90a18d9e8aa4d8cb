"""The catalogue, the default prompt, the trigger that keeps versions as they are, the cache."""

import uuid6
from django.core.management import call_command
from django.db import migrations

PROMPT = (
    "You are a friendly assistant. Answer concisely and accurately. "
    "If you do not know something, say so."
)

# repo id, label, kind, tokenizer, context window, longest answer, note
MODELS = [
    (
        "mistralai/Mistral-7B-Instruct-v0.3",
        "Mistral 7B Instruct v0.3",
        "chat",
        "mistral-v3",
        32768,
        2048,
        "",
    ),
    ("meta-llama/Meta-Llama-3-70B-Instruct", "Llama 3 70B", "chat", "", 8192, 2048, ""),
    ("mistralai/Mixtral-8x7B-Instruct-v0.1", "Mixtral 8x7B Instruct", "chat", "", 32768, 2048, ""),
    (
        "bigscience/bloom",
        "BLOOM",
        "completion",
        "",
        2048,
        512,
        "A plain text model: it continues a transcript and follows instructions poorly.",
    ),
    (
        "openai-community/gpt2",
        "GPT-2",
        "completion",
        "",
        1024,
        256,
        "A small plain text model from 2019: it continues a transcript and follows no instructions.",
    ),
]

SUGGESTIONS = [
    "Explain recursion with a small example",
    "Help me plan a weekend in the mountains",
    "What is the difference between TCP and UDP?",
    "Write a friendly reply that says no to an invitation",
]

TRIGGER = """
CREATE FUNCTION chat_promptversion_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.prompt_id, NEW.number, NEW.text) IS DISTINCT FROM
       (OLD.id, OLD.prompt_id, OLD.number, OLD.text) THEN
        RAISE EXCEPTION 'a prompt version never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_promptversion_keep BEFORE UPDATE ON chat_promptversion
    FOR EACH ROW EXECUTE FUNCTION chat_promptversion_keep();
"""
UNTRIGGER = """
DROP TRIGGER chat_promptversion_keep ON chat_promptversion;
DROP FUNCTION chat_promptversion_keep();
"""


def fill(apps, schema_editor):
    prompts = apps.get_model("chat", "SystemPrompt")
    versions = apps.get_model("chat", "PromptVersion")
    models = apps.get_model("chat", "ChatModel")
    prompt = prompts.objects.create(id=uuid6.uuid7(), name="Default", is_default=True)
    version = versions.objects.create(
        id=uuid6.uuid7(), prompt=prompt, number=1, text=PROMPT, note="The first version"
    )
    prompts.objects.filter(pk=prompt.pk).update(published=version)
    for place, (repo, label, kind, tokenizer, window, longest, note) in enumerate(MODELS, 1):
        models.objects.create(
            id=uuid6.uuid7(),
            repo_id=repo,
            label=label,
            kind=kind,
            tokenizer=tokenizer,
            context_window=window,
            max_output=longest,
            note=note,
            position=place * 10,
            is_default=place == 1,
        )

    suggestions = apps.get_model("chat", "Suggestion")
    for place, text in enumerate(SUGGESTIONS, 1):
        suggestions.objects.create(id=uuid6.uuid7(), text=text, position=place * 10)


def make_cache_table(apps, schema_editor):
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_initial")]
    operations = [
        migrations.RunSQL(TRIGGER, UNTRIGGER),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
    ]
