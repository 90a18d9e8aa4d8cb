"""Which transaction wrote a conversation last, so that a lost event can be made up for.

Safe to repeat, for a start that is killed meanwhile. The index is built while others write.
"""

from django.db import migrations, models

from core.db.batched_migrations import BuildIndexConcurrently

# One transaction. The default is the same for all rows, so the table is not written anew.
COLUMN = """
ALTER TABLE chat_conversation ADD COLUMN IF NOT EXISTS
    written_in bigint DEFAULT 0 NOT NULL CHECK (written_in >= 0);
CREATE OR REPLACE FUNCTION chat_conversation_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER chat_conversation_written BEFORE INSERT OR UPDATE ON chat_conversation
    FOR EACH ROW EXECUTE FUNCTION chat_conversation_written();
"""
UNCOLUMN = """
DROP TRIGGER IF EXISTS chat_conversation_written ON chat_conversation;
DROP FUNCTION IF EXISTS chat_conversation_written();
ALTER TABLE chat_conversation DROP COLUMN IF EXISTS written_in;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0002_first_rows")]
    operations = [
        migrations.RunSQL(
            COLUMN,
            UNCOLUMN,
            state_operations=[
                migrations.AddField(
                    "conversation",
                    "written_in",
                    models.PositiveBigIntegerField(db_default=0, editable=False),
                )
            ],
        ),
        BuildIndexConcurrently(
            "conversation",
            models.Index(fields=["owner", "written_in"], name="conversation_written"),
        ),
    ]
