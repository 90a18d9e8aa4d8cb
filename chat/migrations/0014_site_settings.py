"""Create the one row of what administrators choose for the whole site; a new, empty table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0013_first_offer"),
    ]

    operations = [
        migrations.CreateModel(
            name="SiteSettings",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        default=1, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("start_page_hidden_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="chat_sitesettings_one_row"
                    )
                ],
            },
        ),
    ]
