"""What a model thinks before it answers, apart from the text of the answer.

The new columns are empty, so no row is rewritten.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0009_standard_names")]
    operations = [
        migrations.CreateModel(
            name="Thinking",
            fields=[
                (
                    "message",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="thinking",
                        serialize=False,
                        to="chat.message",
                    ),
                ),
                ("text", models.TextField()),
            ],
            options={"verbose_name": "thinking", "verbose_name_plural": "thinking"},
        ),
        migrations.RemoveConstraint("chunk", "chunk_offset_once"),
        migrations.AddField("chunk", "is_thought", models.BooleanField(db_default=False)),
        migrations.AddConstraint(
            "chunk",
            models.UniqueConstraint(
                fields=("run", "is_thought", "offset"), name="chunk_position_once"
            ),
        ),
        migrations.AddField("message", "thinking_ms", models.PositiveIntegerField(null=True)),
        migrations.AddField("run", "thinking_tokens", models.PositiveIntegerField(null=True)),
    ]
