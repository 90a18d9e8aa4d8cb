"""A person's default model, default prompt and custom instructions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_profile"),
        ("chat", "0014_site_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChatPreferences",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="chat_preferences",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("model_label", models.CharField(db_default="", default="", max_length=100)),
                ("prompt_name", models.CharField(db_default="", default="", max_length=100)),
                ("instructions", models.CharField(db_default="", default="", max_length=1000)),
                (
                    "model",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="chat.chatmodel",
                    ),
                ),
                (
                    "prompt",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="chat.systemprompt",
                    ),
                ),
            ],
            options={"verbose_name": "preferences", "verbose_name_plural": "preferences"},
        ),
    ]
