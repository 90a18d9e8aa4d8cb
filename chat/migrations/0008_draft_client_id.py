"""Which page's text a draft is, so that sending another one does not take it away.

A column with a random default would write the whole table anew under a lock: new drafts get the
default first, then those that are there get a value in batches.
"""

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models

from core.db.batched_migrations import RunSQLInBatches

# An older process writes drafts without it.
COLUMN = """
ALTER TABLE chat_draft ADD COLUMN IF NOT EXISTS client_id uuid;
ALTER TABLE chat_draft ALTER COLUMN client_id SET DEFAULT gen_random_uuid();
"""
UNCOLUMN = "ALTER TABLE chat_draft DROP COLUMN IF EXISTS client_id"
# The constraint is checked without keeping others from writing, and SET NOT NULL trusts it.
CHECK = """
ALTER TABLE chat_draft DROP CONSTRAINT IF EXISTS draft_client_id_set;
ALTER TABLE chat_draft ADD CONSTRAINT draft_client_id_set CHECK (client_id IS NOT NULL) NOT VALID;
"""
VALIDATE = "ALTER TABLE chat_draft VALIDATE CONSTRAINT draft_client_id_set"
NOT_NULL = """
ALTER TABLE chat_draft ALTER COLUMN client_id SET NOT NULL;
ALTER TABLE chat_draft DROP CONSTRAINT draft_client_id_set;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0007_search_entry_names")]
    operations = [
        migrations.RunSQL(
            COLUMN,
            UNCOLUMN,
            state_operations=[
                migrations.AddField(
                    "draft", "client_id", models.UUIDField(db_default=RandomUUID(), editable=False)
                )
            ],
        ),
        RunSQLInBatches(
            label="drafts",
            noun="drafts",
            source="chat_draft d",
            key="d.id",
            where="true",
            pending="d.client_id IS NULL",
            lock="FOR NO KEY UPDATE OF d",
            statement="UPDATE chat_draft SET client_id = gen_random_uuid() WHERE id = ANY(%(ids)s)",
        ),
        migrations.RunSQL(CHECK, migrations.RunSQL.noop),
        migrations.RunSQL(VALIDATE, migrations.RunSQL.noop),
        migrations.RunSQL(NOT_NULL, migrations.RunSQL.noop),
    ]
