"""The pages of the administration say "search entries"."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0006_first_questions")]
    operations = [
        migrations.AlterModelOptions(
            "searchentry",
            {"verbose_name": "search entry", "verbose_name_plural": "search entries"},
        ),
    ]
