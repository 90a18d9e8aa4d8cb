"""Alternatives to a first question are found without reading the conversation.

The indexes are built while others write. The field loses its index by hand: AlterField would drop
and add the foreign key too, which reads the whole table under a lock.
"""

from django.db import migrations, models

from core.db.batched_migrations import BuildIndexConcurrently

WITHOUT_INDEX = models.ForeignKey(
    "chat.message", models.CASCADE, null=True, related_name="children", db_index=False
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0005_search_before")]
    operations = [
        BuildIndexConcurrently(
            "message",
            models.Index(
                fields=["parent"],
                condition=models.Q(parent__isnull=False),
                name="message_children",
            ),
        ),
        BuildIndexConcurrently(
            "message",
            models.Index(
                fields=["conversation"],
                condition=models.Q(parent__isnull=True),
                name="message_first",
            ),
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS chat_message_parent_id_d93c704f",
            "CREATE INDEX CONCURRENTLY chat_message_parent_id_d93c704f ON chat_message (parent_id)",
            state_operations=[migrations.AlterField("message", "parent", WITHOUT_INDEX)],
        ),
    ]
