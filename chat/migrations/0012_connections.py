"""Connections to model servers; prices, groups and ranges of models; the cost of runs.

Every new column is nullable, so that no table is rewritten and an older process can still write.
"""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid6
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("chat", "0011_model_dialect"),
    ]

    operations = [
        migrations.AddField(
            model_name="chatmodel",
            name="can_think",
            field=models.BooleanField(
                blank=True, null=True, verbose_name="thinks before it answers"
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                help_text="Who may use this model. Empty: everyone.",
                related_name="+",
                to="auth.group",
                verbose_name="groups",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="has_system_role",
            field=models.BooleanField(
                blank=True, null=True, verbose_name="accepts a system prompt"
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="listed_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="missing_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="price_in",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="price of a million tokens read",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="price_out",
            field=models.DecimalField(
                blank=True,
                decimal_places=4,
                max_digits=12,
                null=True,
                validators=[django.core.validators.MinValueValidator(0)],
                verbose_name="price of a million tokens written",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="temperature_max",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(2.0),
                ],
                verbose_name="highest temperature",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="temperature_min",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.0),
                    django.core.validators.MaxValueValidator(2.0),
                ],
                verbose_name="lowest temperature",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="top_p_max",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.01),
                    django.core.validators.MaxValueValidator(1.0),
                ],
                verbose_name="highest top p",
            ),
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="top_p_min",
            field=models.FloatField(
                blank=True,
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0.01),
                    django.core.validators.MaxValueValidator(1.0),
                ],
                verbose_name="lowest top p",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="cost",
            field=models.DecimalField(decimal_places=8, max_digits=20, null=True),
        ),
        migrations.AlterField(
            model_name="chatmodel",
            name="repo_id",
            field=models.CharField(
                help_text="The model name sent to the server.",
                max_length=200,
                verbose_name="repository",
            ),
        ),
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid6.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hf", "Hugging Face"),
                            ("openai", "OpenAI-compatible server"),
                            ("tgi", "Text Generation Inference (root address)"),
                        ],
                        default="openai",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                (
                    "address",
                    models.CharField(
                        blank=True,
                        help_text="For example http://127.0.0.1:11434/v1. Hugging Face needs none.",
                        max_length=500,
                        verbose_name="address",
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        blank=True,
                        default="auto",
                        help_text="Only for Hugging Face: an inference provider, or auto.",
                        max_length=50,
                        verbose_name="provider",
                    ),
                ),
                ("encrypted_key", models.TextField(blank=True, editable=False)),
                (
                    "environment",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", ""),
                            ("INFERENCE_BASE_URL", "INFERENCE_BASE_URL"),
                            ("HF_TOKEN", "HF_TOKEN"),
                        ],
                        default="",
                        editable=False,
                        max_length=20,
                    ),
                ),
                ("checked_at", models.DateTimeField(editable=False, null=True)),
                (
                    "listed_at",
                    models.DateTimeField(
                        editable=False, null=True, verbose_name="models last listed"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        verbose_name="created",
                    ),
                ),
            ],
            options={
                "verbose_name": "connection",
                "verbose_name_plural": "connections",
                "ordering": ("name",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("environment", ""), _negated=True),
                        fields=("environment",),
                        name="connection_environment_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["hf", "openai", "tgi"])),
                        name="connection_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("environment", ""),
                            models.Q(("address", ""), ("encrypted_key", "")),
                            _connector="OR",
                        ),
                        name="connection_environment_keeps_no_key",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="chatmodel",
            name="connection",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the server that the environment sets.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="models",
                to="chat.connection",
                verbose_name="connection",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatmodel",
            constraint=models.UniqueConstraint(
                fields=("connection", "repo_id"),
                name="chat_model_once_per_connection",
                nulls_distinct=False,
                violation_error_message="This connection already has a model of this name.",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("temperature_min__isnull", True),
                    ("temperature_max__isnull", True),
                    ("temperature_min__lte", models.F("temperature_max")),
                    _connector="OR",
                ),
                name="chat_model_temperature_range",
                violation_error_message="The lowest temperature is above the highest.",
            ),
        ),
        migrations.AddConstraint(
            model_name="chatmodel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("top_p_min__isnull", True),
                    ("top_p_max__isnull", True),
                    ("top_p_min__lte", models.F("top_p_max")),
                    _connector="OR",
                ),
                name="chat_model_top_p_range",
                violation_error_message="The lowest top p is above the highest.",
            ),
        ),
    ]
