"""Alternatives to a first question are found without reading the conversation.

In one transaction, so that a start that is killed meanwhile leaves nothing half made; a million
messages wait a second or two for it.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_search_before")]
    operations = [
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["parent"],
                condition=models.Q(parent__isnull=False),
                name="message_children",
            ),
        ),
        migrations.AddIndex(
            "message",
            models.Index(
                fields=["conversation"],
                condition=models.Q(parent__isnull=True),
                name="message_first",
            ),
        ),
        migrations.AlterField(
            "message",
            "parent",
            models.ForeignKey(
                "chat.message",
                models.CASCADE,
                null=True,
                related_name="children",
                db_index=False,
            ),
        ),
    ]
