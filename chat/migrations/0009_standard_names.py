"""Columns get the names that the field uses for what they hold.

Renaming changes no row. The trigger's function sets a column by its name, so it is replaced in the
same transaction. A process of an older version cannot go on with the new names: restart it.
"""

from django.db import migrations, models

TRIGGER = """
CREATE OR REPLACE FUNCTION chat_conversation_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.{column} := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("chat", "0008_draft_client_id")]
    operations = [
        # PostgreSQL's indexes follow the columns; Django's idea of them does not.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("conversation", "conversation_recent"),
                migrations.RemoveIndex("conversation", "conversation_written"),
            ]
        ),
        migrations.RenameField("conversation", "title_is_own", "title_is_custom"),
        migrations.RenameField("conversation", "active_at", "last_activity_at"),
        migrations.RenameField("conversation", "written_in", "updated_xid"),
        migrations.RunSQL(
            TRIGGER.format(column="updated_xid"), TRIGGER.format(column="written_in")
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddIndex(
                    "conversation",
                    models.Index(
                        fields=["owner", "-last_activity_at", "-id"],
                        condition=models.Q(deleted_at__isnull=True),
                        name="conversation_recent",
                    ),
                ),
                migrations.AddIndex(
                    "conversation",
                    models.Index(fields=["owner", "updated_xid"], name="conversation_written"),
                ),
            ]
        ),
        migrations.RenameField("message", "renderer", "renderer_version"),
        migrations.RenameField("run", "owner", "worker_id"),
    ]
