"""The index of words that search uses, kept by triggers; 0005 takes in what was said before."""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations, models

# Everything that is neither letter nor digit separates words, so that `np.array` and `my_var` are
# found by each part. Signs of scripts without spaces between words are words of their own, found as
# phrases. Other digits become Arabic ones; vowel points and invisible characters are left out.
#
# A tsvector knows 255 places of a word at most, so a long text is cut into parts of 250 words, the
# last ten of which begin the next one: phrases of up to ten words stand whole in one of them.
FUNCTIONS = r"""
CREATE TEXT SEARCH CONFIGURATION chat_words (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION chat_words
    ALTER MAPPING FOR asciiword, word, numword WITH unaccent, simple;

CREATE FUNCTION chat_search_letters(said text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN octet_length(said) = length(said) THEN said ELSE regexp_replace(
        translate(
            normalize(said, NFKC),
            E'\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668\u0669'
            '\u06f0\u06f1\u06f2\u06f3\u06f4\u06f5\u06f6\u06f7\u06f8\u06f9'
            '\u0966\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e\u096f'
            '\u00ad\u200b\u200c\u200d\u2060\ufeff'
            '\u05b0\u05b1\u05b2\u05b3\u05b4\u05b5\u05b6\u05b7\u05b8\u05b9\u05bb\u05bc\u05c1\u05c2'
            '\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670',
            '012345678901234567890123456789'
        ),
        '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\ua4cf\uf900-\ufaff])',
        ' \1 ', 'g'
    ) END
$$;

CREATE FUNCTION chat_search_words(owner uuid, said text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ltrim(regexp_replace(
        chat_search_letters(left(said, 100000)),
        '[^[:alnum:]]*([[:alnum:]]+)[^[:alnum:]]*',
        ' ' || translate(right(owner::text, 4), '0123456789', 'ghijklmnop') || '\1', 'g'
    ))
$$;

CREATE FUNCTION chat_search_parts(owner uuid, said text)
RETURNS TABLE (part integer, words tsvector) LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH cut AS MATERIALIZED (
        SELECT string_to_array(chat_search_words(owner, said), ' ') AS all_words
    )
    SELECT n, to_tsvector(
        'chat_words', array_to_string(all_words[n * 240 + 1 : n * 240 + 250], ' ')
    ) FROM cut, generate_series(0, greatest(cardinality(all_words) - 11, 0) / 240) n
$$;

CREATE FUNCTION chat_search_query(owner uuid, term text, is_prefix boolean) RETURNS tsquery
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN chat_search_letters(term) ~ '[[:alnum:]]' THEN to_tsquery(
        'chat_words',
        replace(chat_search_words(owner, term), ' ', ' <-> ')
            || CASE WHEN is_prefix THEN ':*' ELSE '' END
    ) ELSE '' END
$$;
"""
UNFUNCTIONS = """
DROP FUNCTION chat_search_query(uuid, text, boolean);
DROP FUNCTION chat_search_parts(uuid, text);
DROP FUNCTION chat_search_words(uuid, text);
DROP FUNCTION chat_search_letters(text);
DROP TEXT SEARCH CONFIGURATION chat_words;
"""

TRIGGERS = """
CREATE FUNCTION chat_search_title() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO chat_searchentry (conversation_id, part, words)
    SELECT NEW.id, part, words FROM chat_search_parts(NEW.owner_id, NEW.title)
    ON CONFLICT (conversation_id) WHERE message_id IS NULL DO UPDATE SET words = EXCLUDED.words;
    RETURN NULL;
END $$;
CREATE TRIGGER chat_search_new_title AFTER INSERT ON chat_conversation
    FOR EACH ROW WHEN (NEW.title <> '') EXECUTE FUNCTION chat_search_title();
CREATE TRIGGER chat_search_title AFTER UPDATE OF title ON chat_conversation
    FOR EACH ROW WHEN (NEW.title <> OLD.title) EXECUTE FUNCTION chat_search_title();

CREATE FUNCTION chat_search_message() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM chat_searchentry WHERE message_id = NEW.id;
    END IF;
    INSERT INTO chat_searchentry (conversation_id, message_id, part, words)
    SELECT c.id, NEW.id, found.part, found.words
    FROM chat_conversation c, chat_search_parts(c.owner_id, NEW.text) found
    WHERE c.id = NEW.conversation_id;
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
                ("part", models.PositiveSmallIntegerField(default=0)),
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
                    models.ForeignKey(
                        db_index=False,
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
                    ),
                    models.UniqueConstraint(
                        fields=("message", "part"), name="searchentry_part_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, UNTRIGGERS),
    ]
