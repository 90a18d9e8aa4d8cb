"""The index of words that search uses, filled from what was said so far and kept by triggers."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models

# Signs of scripts without spaces between words are words of their own, found as phrases. Everything
# that is neither letter nor digit separates, so that `np.array` and `my_var` are found by each part.
FUNCTIONS = r"""
CREATE TEXT SEARCH CONFIGURATION chat_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION chat_words
    ALTER MAPPING FOR asciiword, word, numword WITH unaccent, simple;

CREATE FUNCTION chat_search_words(owner uuid, said text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(
            left(said, 100000),
            '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff])',
            ' \1 ', 'g'
        ),
        '[^[:alnum:]]*([[:alnum:]]+)[^[:alnum:]]*',
        ' ' || translate(right(owner::text, 4), '0123456789', 'ghijklmnop') || '\1', 'g'
    )
$$;

CREATE FUNCTION chat_search_query(owner uuid, term text, is_prefix boolean) RETURNS tsquery
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN term ~ '[[:alnum:]]' THEN to_tsquery(
        'chat_words',
        replace(ltrim(chat_search_words(owner, term)), ' ', ' <-> ')
            || CASE WHEN is_prefix THEN ':*' ELSE '' END
    ) ELSE '' END
$$;
"""
UNFUNCTIONS = """
DROP FUNCTION chat_search_query(uuid, text, boolean);
DROP FUNCTION chat_search_words(uuid, text);
DROP TEXT SEARCH CONFIGURATION chat_words;
"""

FILLED = """
INSERT INTO chat_searchentry (conversation_id, words)
SELECT id, to_tsvector('chat_words', chat_search_words(owner_id, title)) FROM chat_conversation
WHERE title <> '';
INSERT INTO chat_searchentry (conversation_id, message_id, words)
SELECT c.id, m.id, to_tsvector('chat_words', chat_search_words(c.owner_id, m.text))
FROM chat_message m JOIN chat_conversation c ON c.id = m.conversation_id WHERE m.text <> '';
"""

TRIGGERS = """
CREATE FUNCTION chat_search_title() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_searchentry (conversation_id, words)
    VALUES (NEW.id, to_tsvector('chat_words', chat_search_words(NEW.owner_id, NEW.title)))
    ON CONFLICT (conversation_id) WHERE message_id IS NULL DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;
CREATE TRIGGER chat_search_new_title AFTER INSERT ON chat_conversation
    FOR EACH ROW WHEN (NEW.title <> '') EXECUTE FUNCTION chat_search_title();
CREATE TRIGGER chat_search_title AFTER UPDATE OF title ON chat_conversation
    FOR EACH ROW WHEN (NEW.title <> OLD.title) EXECUTE FUNCTION chat_search_title();

CREATE FUNCTION chat_search_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_searchentry (conversation_id, message_id, words)
    SELECT id, NEW.id, to_tsvector('chat_words', chat_search_words(owner_id, NEW.text))
    FROM chat_conversation WHERE id = NEW.conversation_id
    ON CONFLICT (message_id) DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;
CREATE TRIGGER chat_search_new_message AFTER INSERT ON chat_message
    FOR EACH ROW WHEN (NEW.text <> '') EXECUTE FUNCTION chat_search_message();
CREATE TRIGGER chat_search_message AFTER UPDATE OF text ON chat_message
    FOR EACH ROW WHEN (NEW.text <> OLD.text) EXECUTE FUNCTION chat_search_message();
"""
UNTRIGGERS = """
DROP TRIGGER chat_search_message ON chat_message;
DROP TRIGGER chat_search_new_message ON chat_message;
DROP FUNCTION chat_search_message();
DROP TRIGGER chat_search_title ON chat_conversation;
DROP TRIGGER chat_search_new_title ON chat_conversation;
DROP FUNCTION chat_search_title();
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_written_in")]
    operations = [
        UnaccentExtension(),
        migrations.RunSQL(FUNCTIONS, UNFUNCTIONS),
        migrations.CreateModel(
            "SearchEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("words", django.contrib.postgres.search.SearchVectorField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.conversation",
                    ),
                ),
                (
                    "message",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="chat.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["words"], gin_pending_list_limit=256, name="searchentry_words"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("message__isnull", True)),
                        fields=("conversation",),
                        name="searchentry_title_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(FILLED, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, UNTRIGGERS),
    ]
