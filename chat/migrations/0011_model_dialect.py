"""What servers teach about their models, and values of a model that are not sent.

The table of models is small. New columns are empty, so no row of `chat_run` is written anew.
"""

import django.core.validators
import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models.functions import Now


def between(least: float, most: float) -> list[object]:
    return [
        django.core.validators.MinValueValidator(least),
        django.core.validators.MaxValueValidator(most),
    ]


def optional_number(default: float, least: float, most: float, name: str) -> models.FloatField:
    return models.FloatField(
        blank=True,
        default=default,
        help_text="Leave empty to send none.",
        null=True,
        validators=between(least, most),
        verbose_name=name,
    )


class Migration(migrations.Migration):
    dependencies = [("chat", "0010_thinking")]
    operations = [
        migrations.AlterField(
            "chatmodel", "temperature", optional_number(0.7, 0.0, 2.0, "temperature")
        ),
        migrations.AlterField("chatmodel", "top_p", optional_number(0.95, 0.01, 1.0, "top p")),
        migrations.AlterField(
            "chatmodel",
            "frequency_penalty",
            optional_number(0.0, -2.0, 2.0, "frequency penalty"),
        ),
        migrations.AddField(
            "chatmodel",
            "first_token_seconds",
            models.PositiveIntegerField(
                blank=True,
                help_text="How long to wait for the first token of an answer. Leave empty for the "
                "site's DEADLINE_FIRST_TOKEN.",
                null=True,
                validators=between(1, 86_400),
                verbose_name="time to the first token (seconds)",
            ),
        ),
        migrations.AddField("run", "evidence", models.JSONField(null=True)),
        migrations.CreateModel(
            "ModelDialect",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("server", models.CharField(max_length=64)),
                ("omitted", ArrayField(models.CharField(max_length=40), default=list)),
                (
                    "token_parameter",
                    models.CharField(blank=True, default="max_tokens", max_length=40),
                ),
                ("merges_system", models.BooleanField(default=False)),
                ("context_window", models.PositiveIntegerField(null=True)),
                ("learned_at", models.DateTimeField(db_default=Now())),
                (
                    "model",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="dialects",
                        to="chat.chatmodel",
                    ),
                ),
            ],
            options={
                "verbose_name": "model dialect",
                "verbose_name_plural": "model dialects",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("model", "server"), name="chat_dialect_one_per_server"
                    )
                ],
            },
        ),
    ]
