"""Which transaction wrote a conversation last, so that a lost event can be made up for."""

from django.db import migrations, models

TRIGGER = """
CREATE FUNCTION chat_conversation_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
CREATE TRIGGER chat_conversation_written BEFORE INSERT OR UPDATE ON chat_conversation
    FOR EACH ROW EXECUTE FUNCTION chat_conversation_written();
"""
UNTRIGGER = """
DROP TRIGGER chat_conversation_written ON chat_conversation;
DROP FUNCTION chat_conversation_written();
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_first_rows")]
    operations = [
        migrations.AddField(
            "conversation",
            "written_in",
            models.PositiveBigIntegerField(db_default=0, editable=False),
        ),
        migrations.AddIndex(
            "conversation",
            models.Index(fields=["owner", "written_in"], name="conversation_written"),
        ),
        migrations.RunSQL(TRIGGER, UNTRIGGER),
    ]
